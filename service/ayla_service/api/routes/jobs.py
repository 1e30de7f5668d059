"""Submit, list, read and steer jobs; list a job's trials."""

from typing import Annotated

from ayla_spec import JobSpec
from ayla_spec.text import Tag
from fastapi import APIRouter, Body, Depends, Query, Request, Response

from ayla_service.api.deps import IdempotencyKey, JobId, Jobs, SubmittedJson, next_page, submitted_json
from ayla_service.api.examples import JOB_EXAMPLES
from ayla_service.api.paging import CURSOR, NEXT
from ayla_service.api.problems import responses
from ayla_service.api.schemas import JobChange, JobDetail, JobPage, TrialPage
from ayla_service.states import JobState

router = APIRouter(tags=["jobs"])

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
    responses={200: {"description": "One page of jobs.", "headers": NEXT}},
)
def list_jobs(
    jobs: Jobs,
    request: Request,
    response: Response,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    tag: Annotated[Tag | None, Query(description="Only jobs with this tag.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs per page.")] = 50,
    cursor: Annotated[str | None, CURSOR] = None,
) -> JobPage:
    """Jobs, newest first, a page at a time."""
    page = jobs.list(state=state, tag=tag, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return JobPage.of(page)


@router.get("/jobs/{job_id}", operation_id="get_job", summary="Read a job", responses=responses(404))
def get_job(job_id: JobId, jobs: Jobs) -> JobDetail:
    """A job's state and progress, its spec as submitted and as resolved."""
    return JobDetail.of(jobs.get(job_id))


@router.patch(
    "/jobs/{job_id}",
    operation_id="change_job",
    summary="Change a job's priority",
    dependencies=[Depends(submitted_json)],
    responses=responses(400, 403, 404, 409, 413, 415),
)
def change_job(job_id: JobId, change: JobChange, jobs: Jobs) -> JobDetail:
    """Give an unfinished job another place in the queue. What of it runs already goes on."""
    return JobDetail.of(jobs.prioritise(job_id, change.priority))


@router.post(
    "/jobs/{job_id}/pause",
    operation_id="pause_job",
    summary="Pause a job",
    status_code=202,
    responses=responses(403, 404, 409),
)
def pause_job(job_id: JobId, jobs: Jobs) -> JobDetail:
    """Queued work leaves the queue at once; running work is saved and handed back at its next heartbeat.

    Nothing of the job runs until it is resumed. Safe to repeat.
    """
    return JobDetail.of(jobs.pause(job_id))


@router.post(
    "/jobs/{job_id}/resume",
    operation_id="resume_job",
    summary="Resume a job",
    status_code=202,
    responses=responses(403, 404, 409),
)
def resume_job(job_id: JobId, jobs: Jobs) -> JobDetail:
    """Put a paused job back into the queue, at its old place; it goes on from where it was. Safe to repeat."""
    return JobDetail.of(jobs.resume(job_id))


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
    responses={200: {"description": "One page of trials.", "headers": NEXT}, **responses(404)},
)
def list_trials(
    job_id: JobId,
    jobs: Jobs,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trials per page.")] = 100,
    cursor: Annotated[str | None, CURSOR] = None,
) -> TrialPage:
    """A job's trials in order: all seeds of the first optimizer, then of the next."""
    page = jobs.trials(job_id, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return TrialPage.of(page)
