"""Rules of a job as a whole: seeds, recording, size, the range of float32."""

from collections.abc import Iterator
from dataclasses import replace

from ayla_spec.arms import largest
from ayla_spec.draft import SpecDraft
from ayla_spec.errors import SpecIssue
from ayla_spec.expression import ExpansionQuota
from ayla_spec.float32 import setting_issues
from ayla_spec.jobspec import JobSpec
from ayla_spec.limits import (
    MAX_PREDICTION_ROWS,
    MAX_RECORDED_NUMBERS,
    MAX_RECORDED_ROWS,
    MAX_SHARDS,
    MAX_TRIAL_STEPS,
    MAX_TRIALS,
)
from ayla_spec.metrics import Part
from ayla_spec.optimizer_rules import optimizer_issues
from ayla_spec.problem_rules import problem_issues
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.recording import Recording
from ayla_spec.search_rules import draft_arms, search_issues
from ayla_spec.shards import most_trials


def job_issues(spec: JobSpec, draft: SpecDraft, quota: ExpansionQuota | None = None) -> list[SpecIssue]:
    """Everything that is wrong with a draft.

    Args:
        spec: the job as submitted.
        draft: the same over its preset.
        quota: of its expression.
    """
    of_search = search_issues(draft)
    return [
        *problem_issues(largest(draft.problem), draft.dtype, quota),
        *optimizer_issues(draft),
        *of_search,
        *_seed_issues(draft.seeds),
        *_prediction_issues(draft),
        *_metrics_issues(spec, draft),
        *_evaluation_issues(spec.record.evaluate, draft.problem),
        *([] if of_search else _size_issues(draft)),
        *(setting_issues(draft.problem, draft.optimizers) if draft.dtype == "float32" else ()),
    ]


def _seed_issues(seeds: list[int]) -> list[SpecIssue]:
    if len(set(seeds)) < len(seeds):
        return [SpecIssue("/seeds", "A seed stands twice; every seed makes a trial of its own, so list each once.")]
    return []


def _prediction_issues(draft: SpecDraft) -> list[SpecIssue]:
    steps = draft.record.predictions_at
    if not steps:
        return []
    if isinstance(draft.problem, ExpressionProblem):
        return [SpecIssue("/record/predictions_at", "An expression makes no predictions; leave this out.")]
    if not draft.problem.dataset.may_be_one_dimensional:
        detail = "Predictions are kept where one number is predicted from one; leave this out."
        return [SpecIssue("/record/predictions_at", detail)]
    if draft.record.trajectories != "all":
        detail = "Predictions are kept with trajectories only; ask for 'trajectories': 'all', or leave this out."
        return [SpecIssue("/record/predictions_at", detail)]
    if len(set(steps)) < len(steps):
        return [SpecIssue("/record/predictions_at", "A step stands twice; list each once.")]
    return [
        SpecIssue(f"/record/predictions_at/{index}", f"Beyond the budget of {draft.budget.steps} steps.")
        for index, step in enumerate(steps)
        if step > draft.budget.steps
    ]


def _metrics_issues(spec: JobSpec, draft: SpecDraft) -> list[SpecIssue]:
    # 1 is what every resolved spec says, and a resolved spec can be submitted again.
    if spec.record.metrics_every in (None, 1) or isinstance(draft.problem, DatasetProblem):
        return []
    return [SpecIssue("/record/metrics_every", "An expression has no epochs and no metrics; leave this out.")]


def _evaluation_issues(parts: list[Part] | None, problem: ExpressionProblem | DatasetProblem) -> list[SpecIssue]:
    if parts is None:
        return []
    if isinstance(problem, ExpressionProblem):
        return [SpecIssue("/record/evaluate", "An expression has no data to evaluate a model on; leave this out.")]
    if len(set(parts)) < len(parts):
        return [SpecIssue("/record/evaluate", "A part stands twice; list each once.")]
    if "test" in parts and problem.dataset.test_samples == 0:
        fix = "ask for ['full_train'] or leave this out" + _larger_test_part(problem)
        return [SpecIssue(f"/record/evaluate/{parts.index('test')}", f"This dataset has no test part; {fix}.")]
    return []


def _larger_test_part(problem: DatasetProblem) -> str:
    return ", or keep a test part with 'test_fraction'" if hasattr(problem.dataset, "test_fraction") else ""


def _size_issues(draft: SpecDraft) -> list[SpecIssue]:
    """Limits of size; the first that is broken, as the others follow from it."""
    arms, steps = draft_arms(draft), draft.budget.steps
    trials = sum(arm.settings for arm in arms) * len(draft.seeds)
    if trials > MAX_TRIALS:
        detail = f"Optimizers times seeds make {trials} trials; a job has at most {MAX_TRIALS}."
        return [SpecIssue("/seeds", detail)]
    if trials * steps > MAX_TRIAL_STEPS:
        fit = MAX_TRIAL_STEPS // trials
        detail = f"{trials} trials of {steps} steps are too many for one job; at most {fit} steps fit."
        return [SpecIssue(draft.budget_pointer, detail)]
    return [*_model_issues(draft, trials)] or [*_record_issues(draft, trials, len(arms) * len(draft.seeds))]


def _model_issues(draft: SpecDraft, trials: int) -> Iterator[SpecIssue]:
    """Trials of large models go into shards of their own, of which a job has not too many."""
    parameters = largest(draft.problem).parameters
    most = MAX_SHARDS * most_trials(parameters)
    if trials > most:
        place = "model" if isinstance(draft.problem, DatasetProblem) else "start"
        detail = f"{trials} trials of {parameters} parameters are too many for one job; at most {most} fit."
        yield SpecIssue(f"/problem/{place}", detail)


def _record_issues(draft: SpecDraft, trials: int, best: int) -> Iterator[SpecIssue]:
    """What would be recorded of the trials that keep their trajectories: all, or ``best`` of them."""
    kept = {"none": 0, "best": best, "all": trials}[draft.record.trajectories]
    recorded = draft.record.model_copy(update={"trajectories": "all"})
    draft = replace(draft, problem=largest(draft.problem), record=recorded)
    yield from _row_issues(draft, kept)
    yield from _metric_row_issues(draft, kept)
    yield from _prediction_row_issues(draft, kept)


def _row_issues(draft: SpecDraft, trials: int) -> Iterator[SpecIssue]:
    recording = Recording.of(draft.problem, draft.budget.steps, draft.record)
    rows, columns = trials * recording.rows, len(recording.columns)
    most = min(MAX_RECORDED_ROWS, MAX_RECORDED_NUMBERS // columns)
    if rows > most:
        detail = f"Up to {rows} rows of {columns} numbers would be recorded; a job of this kind keeps {most}."
        yield SpecIssue("/record/every", f"{detail} {_advice('every', draft.budget.steps, trials, most)}")


def _metric_row_issues(draft: SpecDraft, trials: int) -> Iterator[SpecIssue]:
    if isinstance(draft.problem, ExpressionProblem):
        return
    # An epoch of a file may be as short as one step.
    epochs = -(-draft.budget.steps // (draft.problem.steps_per_epoch or 1))
    rows = trials * (epochs // draft.record.metrics_every + 2)
    if rows > MAX_RECORDED_ROWS:
        detail = f"Up to {rows} rows of metrics would be recorded; a job keeps {MAX_RECORDED_ROWS}."
        yield SpecIssue(
            "/record/metrics_every", f"{detail} {_advice('metrics_every', epochs, trials, MAX_RECORDED_ROWS)}"
        )


def _advice(field: str, moments: int, trials: int, most: int) -> str:
    """The least distance between recorded moments at which the rows of all trials fit; there always is one."""
    room = most // trials - 2
    return f"Use {field} >= {-(-moments // room)}."


def _prediction_row_issues(draft: SpecDraft, trials: int) -> Iterator[SpecIssue]:
    if isinstance(draft.problem, ExpressionProblem):
        return
    rows = trials * len(draft.record.predictions_at) * (draft.problem.dataset.training_samples or 0)
    if rows > MAX_PREDICTION_ROWS:
        detail = f"{rows} predictions would be recorded; a job keeps {MAX_PREDICTION_ROWS}. Ask for fewer steps."
        yield SpecIssue("/record/predictions_at", detail)
