"""Submit, list, read and cancel jobs; list a job's trials."""

from typing import Annotated

from ayla_spec import JobSpec
from ayla_spec.text import Tag
from fastapi import APIRouter, Body, Query, Request, Response

from ayla_service.api.deps import IdempotencyKey, JobId, Jobs, SubmittedJson, next_page
from ayla_service.api.examples import JOB_EXAMPLES
from ayla_service.api.problems import responses
from ayla_service.api.schemas import JobDetail, JobPage, TrialPage
from ayla_service.states import JobState

router = APIRouter(tags=["jobs"])

_CURSOR = Query(description="next_cursor of the page before; leave out for the first page.", max_length=500)
_NEXT = {"Link": {"description": 'The next page, rel="next"; absent on the last.', "schema": {"type": "string"}}}
_SUBMITTED = {
    "Location": {"description": "Path of the job.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "'true' if the job was made by an earlier request with the same key.",
        "schema": {"type": "string"},
    },
}


@router.post(
    "/jobs",
    operation_id="submit_job",
    summary="Submit a job",
    status_code=202,
    responses={202: {"description": "The job is queued.", "headers": _SUBMITTED}, **responses(400, 403, 413, 415)},
)
def submit_job(
    spec: Annotated[JobSpec, Body(openapi_examples=JOB_EXAMPLES)],
    submitted: SubmittedJson,
    jobs: Jobs,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobDetail:
    """Check the spec and put the job on the queue. Its trials are the product of optimizers and seeds."""
    submission = jobs.submit(spec, submitted, idempotency_key)
    response.headers["Location"] = f"/v1/jobs/{submission.job.id}"
    if submission.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return JobDetail.of(submission.job)


@router.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List jobs, newest first",
    responses={200: {"description": "One page of jobs.", "headers": _NEXT}},
)
def list_jobs(
    jobs: Jobs,
    request: Request,
    response: Response,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    tag: Annotated[Tag | None, Query(description="Only jobs with this tag.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs per page.")] = 50,
    cursor: Annotated[str | None, _CURSOR] = None,
) -> JobPage:
    """Jobs, newest first, a page at a time."""
    page = jobs.list(state=state, tag=tag, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return JobPage.of(page)


@router.get("/jobs/{job_id}", operation_id="get_job", summary="Read a job", responses=responses(404))
def get_job(job_id: JobId, jobs: Jobs) -> JobDetail:
    """A job's state and progress, its spec as submitted and as resolved."""
    return JobDetail.of(jobs.get(job_id))


@router.post(
    "/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    status_code=202,
    responses=responses(403, 404, 409),
)
def cancel_job(job_id: JobId, jobs: Jobs) -> JobDetail:
    """Queued work is cancelled at once, running work at its next heartbeat. Safe to repeat."""
    return JobDetail.of(jobs.cancel(job_id))


@router.get(
    "/jobs/{job_id}/trials",
    operation_id="list_trials",
    summary="List a job's trials",
    responses={200: {"description": "One page of trials.", "headers": _NEXT}, **responses(404)},
)
def list_trials(
    job_id: JobId,
    jobs: Jobs,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trials per page.")] = 100,
    cursor: Annotated[str | None, _CURSOR] = None,
) -> TrialPage:
    """A job's trials in order: all seeds of the first optimizer, then of the next."""
    page = jobs.trials(job_id, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return TrialPage.of(page)
