"""Draft of a spec: a submitted job over its preset, with every part chosen and none checked against the others yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ayla_spec.arms import Problem, has_axes, largest
from ayla_spec.axes import is_axis
from ayla_spec.errors import SpecIssue
from ayla_spec.evaluation import with_evaluation
from ayla_spec.jobspec import Budget, Dtype, JobSpec, Record, SubmittedBudget
from ayla_spec.limits import MAX_STEPS
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.presets import PRESETS, Preset
from ayla_spec.problem_rules import usual_dtype, with_loss
from ayla_spec.problems import DatasetProblem, ExpressionProblem, PresetName, PresetProblem
from ayla_spec.search import SubmittedSearch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpecDraft:
    """The parts of a job.

    Attributes:
        preset: the preset they come from where the spec does not say otherwise; None without one.
        problem: with its loss filled in.
        optimizers: as given, labels not filled in.
        search: as given.
        budget: in steps, whichever unit it was given in.
        budget_pointer: where the spec gives it.
        seeds: as given.
        record: with every default filled in.
        dtype: likewise.
    """

    preset: PresetName | None
    problem: ExpressionProblem | DatasetProblem
    optimizers: list[AnyOptimizer]
    search: SubmittedSearch | None
    budget: Budget
    budget_pointer: str
    seeds: list[int]
    record: Record
    dtype: Dtype


def draft(spec: JobSpec, issues: list[SpecIssue]) -> SpecDraft:
    """The spec over its preset; what is missing is added to ``issues``, and the draft means nothing then."""
    return _of_preset(spec, spec.problem, issues) if isinstance(spec.problem, PresetProblem) else _own(spec, issues)


def _own(spec: JobSpec, issues: list[SpecIssue]) -> SpecDraft:
    problem = with_loss(spec.problem) if isinstance(spec.problem, DatasetProblem) else spec.problem
    assert not isinstance(problem, PresetProblem)  # noqa: S101  # the other branch of the only caller
    budget = _required(spec.budget, SubmittedBudget(steps=1), "/budget", "{'steps': 100}", issues)
    steps = _in_steps(budget, problem, issues)
    optimizers = list(_required(spec.optimizers, [], "/optimizers", "[{'name': 'sgd', ...}]", issues))
    return SpecDraft(
        preset=spec.preset,
        problem=problem,
        optimizers=optimizers,
        search=spec.search,
        budget=steps,
        budget_pointer=_pointer(budget),
        seeds=spec.seeds or [0],
        record=_record(spec, Record(), problem, optimizers, steps.steps),
        dtype=spec.dtype or usual_dtype(problem),
    )


def _of_preset(spec: JobSpec, problem: PresetProblem, issues: list[SpecIssue]) -> SpecDraft:
    preset = PRESETS[problem.preset]
    budget = preset.budget if spec.budget is None else _in_steps(spec.budget, preset.problem, issues)
    optimizers = list(spec.optimizers or preset.optimizers)
    record = _within(preset.record, budget)
    return SpecDraft(
        preset=problem.preset,
        problem=_started(problem, preset, issues),
        optimizers=optimizers,
        search=spec.search,
        budget=budget,
        budget_pointer=_pointer(spec.budget),
        seeds=spec.seeds or list(preset.seeds),
        record=_record(spec, record, preset.problem, optimizers, budget.steps),
        dtype=spec.dtype or usual_dtype(preset.problem),
    )


def _started(problem: PresetProblem, preset: Preset, issues: list[SpecIssue]) -> ExpressionProblem | DatasetProblem:
    """The preset's problem, from where the job wants it to start."""
    if problem.start is None:
        return preset.problem
    if preset.random_start is None:
        detail = "This preset trains a model, whose weights each seed draws anyway; leave this out."
        issues.append(SpecIssue("/problem/start", detail))
        return preset.problem
    return preset.problem.model_copy(update={"start": dict(preset.random_start)})


def _pointer(given: SubmittedBudget | None) -> str:
    return "/budget/epochs" if given is not None and given.epochs is not None else "/budget/steps"


def _in_steps(given: SubmittedBudget, problem: ExpressionProblem | DatasetProblem, issues: list[SpecIssue]) -> Budget:
    """The budget in steps; any budget where it is at fault."""
    fault = _budget_fault(given, problem)
    if fault is not None:
        issues.append(fault)
        return Budget(steps=1)
    if given.steps is not None:
        return Budget(steps=given.steps)
    return Budget(steps=(given.epochs or 1) * (_epoch(problem) or 1))


def _budget_fault(given: SubmittedBudget, problem: ExpressionProblem | DatasetProblem) -> SpecIssue | None:
    if (given.steps is None) == (given.epochs is None):
        return SpecIssue("/budget", "Give either 'steps' or 'epochs', for example {'steps': 100}.")
    if given.epochs is None:
        return None
    if isinstance(problem, DatasetProblem) and is_axis(problem.batch_size):
        detail = "An epoch has other steps with each batch size of the axis, so trials would not compare; give 'steps'."
        return SpecIssue("/budget/epochs", detail)
    if isinstance(problem, ExpressionProblem):
        return SpecIssue("/budget/epochs", "An expression has no epochs; give 'steps'.")
    length = _epoch(problem)
    if length is None:
        return SpecIssue("/budget/epochs", "How long an epoch of a file is, only the file tells; give 'steps'.")
    if length * given.epochs > MAX_STEPS:
        return SpecIssue("/budget/epochs", f"More than {MAX_STEPS} steps; at most {MAX_STEPS // length} epochs fit.")
    return None


def _epoch(problem: ExpressionProblem | DatasetProblem) -> int | None:
    return problem.steps_per_epoch if isinstance(problem, DatasetProblem) else None


def _required(value: T | None, placeholder: T, pointer: str, example: str, issues: list[SpecIssue]) -> T:
    if value is None:
        issues.append(SpecIssue(pointer, f"Required unless the problem is a preset; for example {example}."))
        return placeholder
    return value


def _record(spec: JobSpec, default: Record, problem: Problem, optimizers: Sequence[AnyOptimizer], steps: int) -> Record:
    given = spec.record.model_dump(exclude_none=True)
    if has_axes(problem, optimizers):
        # Trajectories of all trials of a sweep would be far larger than what is asked of it.
        given = {"trajectories": "none"} | given
    record = default.model_copy(update=given)
    if record.trajectories != "all" and "predictions_at" not in given:
        record = record.model_copy(update={"predictions_at": []})
    return with_evaluation(record, spec.record, largest(problem), steps)


def _within(record: Record, budget: Budget) -> Record:
    """A preset's record, without the steps that a smaller budget never reaches."""
    reached = [step for step in record.predictions_at if step <= budget.steps]
    return record.model_copy(update={"predictions_at": reached})
