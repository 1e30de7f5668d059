"""Evaluation of a model on whole parts of its dataset: which parts, and how often, unless the job says."""

from ayla_spec.jobspec import Record, RecordOverride
from ayla_spec.metrics import PARTS, Part
from ayla_spec.problems import DatasetProblem, ExpressionProblem

USUAL_ROWS = 100
"""Rows of metrics where every step is an epoch, and nothing but the training part can be evaluated."""


def usual_parts(problem: DatasetProblem) -> list[Part]:
    """Parts that are evaluated at every row of metrics; of a file of unknown size the test part is expected."""
    return ["full_train"] if problem.dataset.test_samples == 0 else ["test"]


def parts_of(problem: DatasetProblem, record: Record) -> list[Part]:
    """Parts that a job evaluates at every row of metrics; none where they are only known at the last step.

    Jobs that an earlier version has resolved do not say. They go on with the rows that they had: none of problems with
    neither classes nor a test part.
    """
    if record.evaluate is not None:
        return record.evaluate
    return usual_parts(problem) if problem.dataset.has_classes or problem.dataset.test_samples != 0 else []


def with_evaluation(
    record: Record, given: RecordOverride, problem: ExpressionProblem | DatasetProblem, steps: int
) -> Record:
    """The record with everything that concerns metrics filled in.

    Args:
        record: with all other defaults.
        given: by the user.
        problem: of the job.
        steps: the budget.
    """
    if isinstance(problem, ExpressionProblem):
        return record
    chosen = record.evaluate or usual_parts(problem)
    update: dict[str, object] = {"evaluate": [part for part in PARTS if part in chosen]}
    if given.metrics_every is None and "metrics_every" not in record.model_fields_set and _is_one_curve(problem):
        update["metrics_every"] = -(-steps // USUAL_ROWS)
    return record.model_copy(update=update)


def _is_one_curve(problem: DatasetProblem) -> bool:
    """Whether its metrics tell no more than the losses of its steps: a row for each would be a copy of them."""
    dataset = problem.dataset
    return problem.steps_per_epoch == 1 and dataset.test_samples == 0 and not dataset.has_classes
