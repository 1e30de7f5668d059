"""From a job spec as submitted to one with every default filled in, or to the list of what is wrong with it."""

from ayla_spec.arms import has_axes
from ayla_spec.design import LIBRARY
from ayla_spec.draft import SpecDraft, draft
from ayla_spec.errors import SpecError, SpecIssue
from ayla_spec.expression import ExpansionQuota
from ayla_spec.job_rules import job_issues
from ayla_spec.jobspec import JobSpec, ResolvedJobSpec
from ayla_spec.optimizers.labels import labelled
from ayla_spec.search import Search, SubmittedSearch


def resolve(spec: JobSpec, quota: ExpansionQuota | None = None) -> ResolvedJobSpec:
    """Fill in every default of ``spec`` and check what no single field can tell.

    Args:
        spec: as submitted.
        quota: of its expression; the caller reads afterwards how much was spent.

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


def _search(drafted: SpecDraft) -> Search | None:
    if not has_axes(drafted.problem, drafted.optimizers):
        return None
    given = drafted.search or SubmittedSearch()
    design = given.design or "grid"
    library = None if design == "grid" else LIBRARY
    return Search(**given.model_dump(exclude={"design", "library"}), design=design, library=library)


def _resolved(spec: JobSpec, drafted: SpecDraft) -> ResolvedJobSpec:
    return ResolvedJobSpec(
        name=spec.name,
        tags=list(dict.fromkeys(spec.tags)),
        preset=drafted.preset,
        problem=drafted.problem,
        optimizers=labelled(drafted.optimizers),
        search=_search(drafted),
        budget=drafted.budget,
        seeds=drafted.seeds,
        record=drafted.record.model_copy(update={"predictions_at": sorted(drafted.record.predictions_at)}),
        device=spec.device,
        dtype=drafted.dtype,
        limits=spec.limits,
    )
