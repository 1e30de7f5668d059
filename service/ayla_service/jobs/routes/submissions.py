"""Submit jobs: one, several at once, a changed copy of another; or only ask what a job would be."""

from typing import Annotated, Any

from ayla_spec import JobSpec, SpecError
from fastapi import APIRouter, Body, Depends, Response
from pydantic import ValidationError

from ayla_service.http.authorization import Steerer, Submitter
from ayla_service.http.dependencies import JobId, SubmittedJson, submitted_bulk
from ayla_service.http.examples import BULK_EXAMPLE, CLONE_EXAMPLES, JOB_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, request_key
from ayla_service.http.problems import responses
from ayla_service.http.validation import spec_issues
from ayla_service.idempotency import RequestKey
from ayla_service.jobs.routes.bodies import (
    BulkSubmission,
    SubmittedJobs,
    Validation,
    checked_all,
    many_jobs,
    one_job,
)
from ayla_service.jobs.routes.dependencies import Jobs
from ayla_service.jobs.routes.ended import told_when_ended
from ayla_service.jobs.routes.waiting import APPLIED, Waiting
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.submission import NewJob

router = APIRouter(tags=["jobs"])

LOCATION = {"Location": {"description": "Path of the job.", "schema": {"type": "string"}}}
ENDED = {
    **LOCATION,
    "Link": {"description": 'Its trials and how they compare, rel="related".', "schema": {"type": "string"}},
    **REPLAYED,
    **APPLIED,
}
Key = Annotated[RequestKey | None, Depends(request_key)]


@router.post(
    "/jobs",
    operation_id="submit_job",
    summary="Submit a job",
    status_code=202,
    response_model=JobDetail,
    responses={
        201: {"description": "The job has ended while the client waited.", "model": JobDetail, "headers": ENDED},
        202: {"description": "The job is queued.", "headers": {**LOCATION, **REPLAYED, **APPLIED}},
        **responses(409, 413, 415),
    },
)
def submit_job(
    spec: Annotated[JobSpec, Body(openapi_examples=JOB_EXAMPLES)],
    submitted: SubmittedJson,
    caller: Submitter,
    jobs: Jobs,
    key: Key,
    waiting: Waiting,
) -> Response:
    """Check the spec and put the job on the queue. Its trials are the product of optimizers and seeds.

    With Prefer: wait=N a job that ends in time is answered with how it has ended.
    """
    receipt = jobs.repeated(key)
    if receipt is None:
        receipt = jobs.submit(caller, [jobs.checked(caller, spec, submitted)], one_job, key)
    return told_when_ended(waiting, receipt, caller, jobs, one_job)


@router.post(
    "/jobs:bulk",
    operation_id="submit_jobs",
    summary="Submit several jobs at once",
    status_code=202,
    response_model=SubmittedJobs,
    responses={
        201: {
            "description": "All of them have ended while the client waited.",
            "model": SubmittedJobs,
            "headers": {**REPLAYED, **APPLIED},
        },
        202: {"description": "All of them are queued.", "headers": {**REPLAYED, **APPLIED}},
        **responses(409, 413, 415),
    },
)
def submit_jobs(
    bulk: Annotated[BulkSubmission, Body(openapi_examples=BULK_EXAMPLE)],
    submitted: Annotated[dict[str, Any], Depends(submitted_bulk)],
    caller: Submitter,
    jobs: Jobs,
    key: Key,
    waiting: Waiting,
) -> Response:
    """Check all specs and put all jobs on the queue; if one of them cannot be run, none is.

    With Prefer: wait=N jobs that all end in time are answered with how they have ended.
    """
    receipt = jobs.repeated(key)
    if receipt is None:
        receipt = jobs.submit(caller, checked_all(jobs, caller, bulk.jobs, submitted["jobs"]), many_jobs, key)
    return told_when_ended(waiting, receipt, caller, jobs, many_jobs)


@router.post(
    "/jobs:validate",
    operation_id="validate_job",
    summary="See what a job would be, without submitting it",
    responses=responses(413, 415),
)
def validate_job(
    spec: Annotated[JobSpec, Body(openapi_examples=JOB_EXAMPLES)],
    submitted: SubmittedJson,
    caller: Submitter,
    jobs: Jobs,
) -> Validation:
    """The spec with every default filled in, and how much work it is. Nothing is stored."""
    return Validation.of(jobs.pinned(caller, jobs.checked(caller, spec, submitted)))


@router.post(
    "/jobs/{job_id}/clone",
    operation_id="clone_job",
    summary="Submit a job again, with changes",
    status_code=202,
    response_model=JobDetail,
    responses={
        201: {"description": "The job has ended while the client waited.", "model": JobDetail, "headers": ENDED},
        202: {"description": "The new job is queued.", "headers": {**LOCATION, **REPLAYED, **APPLIED}},
        **responses(404, 409, 413, 415),
    },
)
def clone_job(
    job_id: JobId,
    changes: Annotated[dict[str, Any], Body(openapi_examples=CLONE_EXAMPLES)],
    _: SubmittedJson,
    caller: Steerer,
    jobs: Jobs,
    key: Key,
    waiting: Waiting,
) -> Response:
    """Make a new job from the spec of another one, as submitted, with changes by JSON Merge Patch (RFC 7396).

    A field of the changes replaces that of the spec, an object is merged field by field, and null takes a field away.
    """
    receipt = jobs.repeated(key)
    if receipt is None:  # if it is repeated, the original may have been deleted by now
        receipt = jobs.submit(caller, [_cloned(jobs, caller, jobs.get(caller, job_id).spec, changes)], one_job, key)
    return told_when_ended(waiting, receipt, caller, jobs, one_job)


def _cloned(jobs: Jobs, caller: Submitter, spec: dict[str, Any], changes: dict[str, Any]) -> NewJob:
    document = _merged(spec, changes)
    try:
        return jobs.checked(caller, JobSpec.model_validate(document), document)
    except ValidationError as error:
        raise SpecError(spec_issues(error, JobSpec)) from error


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
