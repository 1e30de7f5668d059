"""From a job spec as submitted to one with every default filled in, or to the list of what is wrong with it."""

from dataclasses import dataclass
from typing import TypeVar

from ayla_spec.errors import SpecError, SpecIssue
from ayla_spec.expression import ExpressionError, parse
from ayla_spec.jobspec import Budget, JobSpec, Record, ResolvedJobSpec
from ayla_spec.limits import MAX_RECORDED_ROWS, MAX_TRIAL_STEPS, MAX_TRIALS
from ayla_spec.optimizers import Adam, Sgd, automatic_label
from ayla_spec.presets import PRESETS
from ayla_spec.problems import DatasetProblem, ExpressionProblem, PresetName

T = TypeVar("T")

_FLOAT32_LEAST, _FLOAT32_MOST = 1.18e-38, 3.4e38


def resolve(spec: JobSpec) -> ResolvedJobSpec:
    """Fill in every default of ``spec`` and check what no single field can tell.

    Raises:
        SpecError: with every issue found.
    """
    issues: list[SpecIssue] = []
    merged = _merge(spec, issues)
    if issues:
        raise SpecError(issues)
    issues += _problem_issues(merged)
    issues += _optimizer_issues(merged)
    issues += _seed_issues(merged.seeds)
    issues += _record_issues(merged)
    issues += _size_issues(merged)
    if spec.dtype == "float32":
        issues += _float32_issues(merged)
    if issues:
        raise SpecError(issues)
    return _resolved(spec, merged)


@dataclass(frozen=True, slots=True)
class _Merged:
    """The spec over its preset, not yet checked."""

    preset: PresetName | None
    problem: ExpressionProblem | DatasetProblem
    optimizers: list[Sgd | Adam]
    budget: Budget
    seeds: list[int]
    record: Record


def _merge(spec: JobSpec, issues: list[SpecIssue]) -> _Merged:
    if isinstance(spec.problem, ExpressionProblem):
        return _Merged(
            preset=None,
            problem=spec.problem,
            optimizers=_required(spec.optimizers, [], "/optimizers", "[{'name': 'sgd', ...}]", issues),
            budget=_required(spec.budget, Budget(steps=1), "/budget", "{'steps': 100}", issues),
            seeds=spec.seeds or [0],
            record=_record(spec, Record()),
        )
    preset = PRESETS[spec.problem.preset]
    budget = spec.budget or preset.budget
    return _Merged(
        preset=spec.problem.preset,
        problem=preset.problem,
        optimizers=spec.optimizers or list(preset.optimizers),
        budget=budget,
        seeds=spec.seeds or list(preset.seeds),
        record=_record(spec, _within(preset.record, budget)),
    )


def _required(value: T | None, placeholder: T, pointer: str, example: str, issues: list[SpecIssue]) -> T:
    if value is None:
        issues.append(SpecIssue(pointer, f"Required for an expression; for example {example}."))
        return placeholder
    return value


def _record(spec: JobSpec, default: Record) -> Record:
    given = spec.record.model_dump(exclude_none=True)
    return default.model_copy(update=given)


def _within(record: Record, budget: Budget) -> Record:
    """A preset's record, without the steps that a smaller budget never reaches."""
    reached = [step for step in record.predictions_at if step <= budget.steps]
    return record.model_copy(update={"predictions_at": reached})


def _problem_issues(merged: _Merged) -> list[SpecIssue]:
    if not isinstance(merged.problem, ExpressionProblem):
        return []
    try:
        expression = parse(merged.problem.expression, merged.problem.start)
    except ExpressionError as error:
        return [SpecIssue("/problem/expression", str(error))]
    if not expression.variables:
        return [SpecIssue("/problem/expression", "The expression uses no variable, so there is nothing to optimize.")]
    return [
        SpecIssue(f"/problem/start/{name}", "The expression does not use this variable; remove it.")
        for name in merged.problem.start
        if name not in expression.variables
    ]


def _optimizer_issues(merged: _Merged) -> list[SpecIssue]:
    issues = []
    labels: dict[str, int] = {}
    for index, settings in enumerate(merged.optimizers):
        per_sample = settings.ayla is not None and settings.ayla.transform_on == "sample"
        if per_sample and isinstance(merged.problem, ExpressionProblem):
            detail = "An expression has no samples; use 'loss', or a dataset problem."
            issues.append(SpecIssue(f"/optimizers/{index}/ayla/transform_on", detail))
        if settings.label is not None:
            first = labels.setdefault(settings.label, index)
            if first != index:
                detail = f"The label of optimizer {first} again; give each optimizer a label of its own."
                issues.append(SpecIssue(f"/optimizers/{index}/label", detail))
    return issues


def _seed_issues(seeds: list[int]) -> list[SpecIssue]:
    if len(set(seeds)) < len(seeds):
        return [SpecIssue("/seeds", "A seed stands twice; every seed makes a trial of its own, so list each once.")]
    return []


def _record_issues(merged: _Merged) -> list[SpecIssue]:
    steps = merged.record.predictions_at
    if steps and isinstance(merged.problem, ExpressionProblem):
        return [SpecIssue("/record/predictions_at", "An expression makes no predictions; leave this out.")]
    if len(set(steps)) < len(steps):
        return [SpecIssue("/record/predictions_at", "A step stands twice; list each once.")]
    return [
        SpecIssue(f"/record/predictions_at/{index}", f"Beyond the budget of {merged.budget.steps} steps.")
        for index, step in enumerate(steps)
        if step > merged.budget.steps
    ]


def _size_issues(merged: _Merged) -> list[SpecIssue]:
    trials = len(merged.optimizers) * len(merged.seeds)
    steps = merged.budget.steps
    if trials > MAX_TRIALS:
        detail = f"Optimizers times seeds make {trials} trials; a job has at most {MAX_TRIALS}."
        return [SpecIssue("/seeds", detail)]
    if trials * steps > MAX_TRIAL_STEPS:
        fit = MAX_TRIAL_STEPS // trials
        detail = f"{trials} trials of {steps} steps are too many for one job; at most {fit} steps fit."
        return [SpecIssue("/budget/steps", detail)]
    rows = trials * (steps // merged.record.every + 2)
    if rows > MAX_RECORDED_ROWS:
        enough = -(-steps // max(1, MAX_RECORDED_ROWS // trials - 2))
        detail = f"About {rows} rows would be recorded; a job keeps {MAX_RECORDED_ROWS}. Use every >= {enough}."
        return [SpecIssue("/record/every", detail)]
    return []


def _float32_issues(merged: _Merged) -> list[SpecIssue]:
    """Numbers that float32 would silently turn into infinity or 0."""
    given: dict[str, float | None] = {}
    if isinstance(merged.problem, ExpressionProblem):
        given |= {f"/problem/start/{name}": value for name, value in merged.problem.start.items()}
    for index, settings in enumerate(merged.optimizers):
        numbers = settings.model_dump(include={"learning_rate", "epsilon"})
        given |= {f"/optimizers/{index}/{name}": value for name, value in numbers.items()}
        if settings.ayla is not None:
            given[f"/optimizers/{index}/ayla/max_scale"] = settings.ayla.max_scale
    detail = f"Beyond the range of float32, {_FLOAT32_LEAST:g} to {_FLOAT32_MOST:g}; use dtype 'float64'."
    return [SpecIssue(pointer, detail) for pointer, value in given.items() if value and not _fits_float32(abs(value))]


def _fits_float32(size: float) -> bool:
    return _FLOAT32_LEAST <= size <= _FLOAT32_MOST


def _resolved(spec: JobSpec, merged: _Merged) -> ResolvedJobSpec:
    return ResolvedJobSpec(
        name=spec.name,
        tags=list(dict.fromkeys(spec.tags)),
        preset=merged.preset,
        problem=merged.problem,
        optimizers=_labelled(merged.optimizers),
        budget=merged.budget,
        seeds=merged.seeds,
        record=merged.record.model_copy(update={"predictions_at": sorted(merged.record.predictions_at)}),
        device=spec.device,
        dtype=spec.dtype,
    )


def _labelled(optimizers: list[Sgd | Adam]) -> list[Sgd | Adam]:
    """Every setting with a label; a label that is made twice gets a number."""
    taken = {settings.label for settings in optimizers if settings.label is not None}
    labelled = []
    for settings in optimizers:
        label = settings.label or _free(automatic_label(settings), taken)
        taken.add(label)
        labelled.append(settings.model_copy(update={"label": label}))
    return labelled


def _free(label: str, taken: set[str]) -> str:
    candidate, number = label, 1
    while candidate in taken:
        number += 1
        candidate = f"{label} #{number}"
    return candidate
