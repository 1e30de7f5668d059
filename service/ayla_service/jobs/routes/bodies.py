"""What is sent to submit jobs, and what is answered."""

from collections.abc import Sequence
from typing import Any, Self

from ayla_spec import JobSpec, ResolvedJobSpec, SpecError, SpecIssue
from ayla_spec.costs import cost_of
from ayla_spec.expression import ExpansionQuota
from ayla_spec.limits import MAX_EXPANDED_NODES, MAX_TRIALS
from ayla_spec.model import SpecModel
from ayla_spec.sizes import parameters
from ayla_spec.trials import plan_shards, plan_trials
from pydantic import BaseModel, Field

from ayla_service.idempotency import StoredAnswer
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.service import JobService
from ayla_service.jobs.submission import NewJob
from ayla_service.jobs.views import JobView
from ayla_service.teams.principal import Principal

MAX_BULK = 200
MAX_BULK_TRIALS = MAX_TRIALS
"""Of all jobs of a bulk together as many as one job may have: they are stored in one transaction."""
MAX_BULK_NODES = 20 * MAX_EXPANDED_NODES
"""Terms and operators that the expressions of a bulk unroll to: checking them takes a second or two."""


class BulkSubmission(SpecModel):
    """Several jobs, of which all are put on the queue or none."""

    # Were all that cannot be read told, and not only the first, a body could hold a hundred thousand faults.
    jobs: list[JobSpec] = Field(
        min_length=1,
        max_length=MAX_BULK,
        fail_fast=True,
        description=f"Together at most {MAX_BULK_TRIALS} trials, and expressions whose sums and products unroll to at "
        f"most {MAX_BULK_NODES} terms and operators.",
    )


class SubmittedJobs(BaseModel):
    """The jobs of a bulk submission, in the order in which they were sent."""

    data: list[JobDetail]


class Validation(BaseModel):
    """What a job would be if it was submitted."""

    resolved: ResolvedJobSpec = Field(description="The spec with every default filled in.")
    trials: int = Field(description="Product of optimizers and seeds.")
    shards: int = Field(description="Slices of the trials that workers run at once.")
    steps_total: int = Field(description="Updates of all trials together, if none diverges.")
    estimated_seconds: float = Field(
        description="Computing time of all shards on one CPU core, a rough estimate from the spec alone."
    )

    @classmethod
    def of(cls, resolved: ResolvedJobSpec) -> Self:
        """The answer for one job."""
        trials, cost = plan_trials(resolved), cost_of(resolved)
        shards = plan_shards(trials, parameters(resolved.problem), cost.affordable())
        return cls(
            resolved=resolved,
            trials=len(trials),
            shards=len(shards),
            steps_total=len(trials) * resolved.budget.steps,
            estimated_seconds=sum(cost.of(len(some)) for some in shards),
        )


def checked_all(
    jobs_of_team: JobService, principal: Principal, specs: Sequence[JobSpec], submitted: Sequence[dict[str, Any]]
) -> list[NewJob]:
    """The jobs of a bulk submission, checked.

    Raises:
        SpecError: with every issue of every job, each under its place in the list; or on the first job with which they
            are too much work for one request.
    """
    jobs: list[NewJob] = []
    issues: list[SpecIssue] = []
    trials = nodes = 0
    for place, (spec, document) in enumerate(zip(specs, submitted, strict=True)):
        allowance = ExpansionQuota()
        try:
            jobs.append(jobs_of_team.checked(principal, spec, document, allowance))
            trials += len(jobs[-1].resolved.optimizers) * len(jobs[-1].resolved.seeds)
        except SpecError as error:
            issues += [SpecIssue(f"/jobs/{place}{issue.pointer}", issue.detail) for issue in error.issues]
        nodes += allowance.spent
        _refuse_work(place, trials, nodes)
    if issues:
        raise SpecError(issues)
    return jobs


def _refuse_work(place: int, trials: int, nodes: int) -> None:
    """Refuse a bulk that has come to too much work with the job at ``place``, without looking at the rest."""
    if trials > MAX_BULK_TRIALS:
        detail = f"Up to here the jobs have {trials} trials; in one request they have at most {MAX_BULK_TRIALS}."
        raise SpecError([SpecIssue(f"/jobs/{place}", f"{detail} Send the rest in another one.")])
    if nodes > MAX_BULK_NODES:
        detail = (
            f"Up to here the expressions of the jobs have unrolled to more than {MAX_BULK_NODES} terms and operators, "
            "the most in one request. Send the rest in another one."
        )
        raise SpecError([SpecIssue(f"/jobs/{place}/problem/expression", detail)])


def one_job(views: Sequence[JobView]) -> StoredAnswer:
    """The answer to the submission of one job."""
    [view] = views
    return StoredAnswer(202, JobDetail.of(view).model_dump_json().encode(), {"Location": f"/v1/jobs/{view.id}"})


def many_jobs(views: Sequence[JobView]) -> StoredAnswer:
    """The answer to a bulk submission."""
    return StoredAnswer(202, SubmittedJobs(data=[JobDetail.of(view) for view in views]).model_dump_json().encode())
