"""From a job spec as submitted to one with every default filled in, or to the list of what is wrong with it."""

from ayla_spec.draft import Draft, draft
from ayla_spec.errors import SpecError, SpecIssue
from ayla_spec.expression import ExpansionQuota
from ayla_spec.job_rules import job_issues
from ayla_spec.jobspec import JobSpec, ResolvedJobSpec
from ayla_spec.limits import MAX_NAME_LENGTH
from ayla_spec.optimizers import AnyOptimizer, automatic_label


def resolve(spec: JobSpec, quota: ExpansionQuota | None = None) -> ResolvedJobSpec:
    """Fill in every default of ``spec`` and check what no single field can tell.

    Args:
        spec: as submitted.
        quota: what its expression is parsed by; tells the caller afterwards how much work it was.

    Raises:
        SpecError: with every issue found.
    """
    issues: list[SpecIssue] = []
    drafted = draft(spec, issues)
    # Rules about parts that are missing would only repeat that they are.
    issues = issues or job_issues(spec, drafted, quota)
    if issues:
        raise SpecError(issues)
    return _resolved(spec, drafted)


def _resolved(spec: JobSpec, drafted: Draft) -> ResolvedJobSpec:
    return ResolvedJobSpec(
        name=spec.name,
        tags=list(dict.fromkeys(spec.tags)),
        preset=drafted.preset,
        problem=drafted.problem,
        optimizers=_labelled(drafted.optimizers),
        budget=drafted.budget,
        seeds=drafted.seeds,
        record=drafted.record.model_copy(update={"predictions_at": sorted(drafted.record.predictions_at)}),
        device=spec.device,
        dtype=drafted.dtype,
        limits=spec.limits,
    )


def _labelled(optimizers: list[AnyOptimizer]) -> list[AnyOptimizer]:
    """Every setting with a label; a label that is made twice gets a number."""
    taken = {settings.label for settings in optimizers if settings.label is not None}
    labelled: list[AnyOptimizer] = []
    for settings in optimizers:
        label = settings.label or _free(automatic_label(settings), taken)
        taken.add(label)
        labelled.append(settings.model_copy(update={"label": label}))
    return labelled


def _free(label: str, taken: set[str]) -> str:
    candidate, number = _cut(label, ""), 1
    while candidate in taken:
        number += 1
        candidate = _cut(label, f" #{number}")
    return candidate


def _cut(label: str, suffix: str) -> str:
    """The label with its suffix, cut to what a label may have: one with every setting changed is longer."""
    room = MAX_NAME_LENGTH - len(suffix)
    return (label if len(label) <= room else f"{label[: room - 1]}…") + suffix
