"""Routes that submit jobs: one, several at once, a changed copy of another; or only validate one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import orjson
from ayla_spec import JobSpec, SpecError
from fastapi import APIRouter, Body, Depends, Response
from pydantic import ValidationError

from ayla_service.errors import JobNotFound
from ayla_service.http.authorization import Steerer, Submitter
from ayla_service.http.dependencies import JobId, Jobs, SubmittedJson, submitted_bulk
from ayla_service.http.examples import BULK_EXAMPLE, CLONE_EXAMPLES, JOB_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, request_key, response_of
from ayla_service.http.json_body import JsonRoute
from ayla_service.http.problems import responses
from ayla_service.http.validation import spec_issues
from ayla_service.idempotency import RequestKey, StoredAnswer
from ayla_service.jobs.routes.waiting import APPLIED, PreferWait, Waiting
from ayla_service.jobs.schemas import BulkSubmission, JobDetail, SubmittedJobs, Validation
from ayla_service.jobs.service import JobService
from ayla_service.jobs.submission import NewJob, Receipt, Render
from ayla_service.teams.principal import Principal, Scope

router = APIRouter(tags=["jobs"], route_class=JsonRoute)

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
    return answer_when_ended(waiting, receipt, caller, jobs, one_job)


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
        receipt = jobs.submit(caller, jobs.checked_bulk(caller, bulk.jobs, submitted["jobs"]), many_jobs, key)
    return answer_when_ended(waiting, receipt, caller, jobs, many_jobs)


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
    return jobs.validation(caller, jobs.checked(caller, spec, submitted))


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
    return answer_when_ended(waiting, receipt, caller, jobs, one_job)


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


def one_job(jobs: Sequence[JobDetail]) -> StoredAnswer:
    """The answer to the submission of one job."""
    [job] = jobs
    return StoredAnswer(202, job.model_dump_json().encode(), {"Location": f"/v1/jobs/{job.id}"})


def many_jobs(jobs: Sequence[JobDetail]) -> StoredAnswer:
    """The answer to a bulk submission."""
    return StoredAnswer(202, SubmittedJobs(data=list(jobs)).model_dump_json().encode())


def answer_when_ended(
    waiting: PreferWait, receipt: Receipt, caller: Principal, jobs: JobService, render: Render
) -> Response:
    """The response to a submission: as it was stored, or for a client that waits long enough, how the jobs have ended.

    Args:
        waiting: how long the client waits.
        receipt: of the submission; a repeated one waits for the jobs that the first has made.
        caller: who has submitted.
        jobs: reads them.
        render: makes the answer from these jobs.
    """
    stored = response_of(receipt.answer, replayed=receipt.replayed)
    if not waiting.seconds or Scope.READ not in caller.scopes:  # how a job has ended is for those who may look
        return stored
    ids = _ids(receipt.answer)

    def after_waiting(ended: bool) -> Response:  # noqa: FBT001  # as it is called
        if not ended:
            return stored
        try:
            answer = render([jobs.get(caller, job_id) for job_id in ids])
        except JobNotFound:
            return stored  # somebody has deleted it since; submitted it was all the same
        headers = {**answer.headers, **_related(ids)}
        return response_of(replace(answer, status=201, headers=headers), replayed=receipt.replayed)

    return waiting.until_ended(caller, ids, stored, after_waiting)


def _ids(answer: StoredAnswer) -> list[str]:
    """The jobs of a submission, from the answer to it."""
    document = orjson.loads(answer.body)
    return [job["id"] for job in document.get("data", [document])]


def _related(ids: Sequence[str]) -> dict[str, str]:
    """The Link header to the results of a single job."""
    if len(ids) > 1:
        return {}
    paths = (f"/v1/jobs/{ids[0]}/trials", f"/v1/jobs/{ids[0]}/comparison")
    return {"Link": ", ".join(f'<{path}>; rel="related"' for path in paths)}
