"""Routes that list, read and steer jobs, and list their attempts."""

from collections.abc import Sequence
from typing import Annotated, Any

from ayla_spec.text import Project, Tag
from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator

from ayla_service.db.session import Database
from ayla_service.errors import JobUnfinished
from ayla_service.http.authorization import Reader, Steerer, Submitter
from ayla_service.http.dependencies import JobId, Jobs, Store, next_page, submitted_json
from ayla_service.http.etags import conditional, required_version, versioned_etag
from ayla_service.http.examples import JOB_CHANGE_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, Answer, Once
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.jobs import editing, retention
from ayla_service.jobs.listing import Archived, JobQuery, Sort
from ayla_service.jobs.repository import AttemptSort
from ayla_service.jobs.routes.waiting import APPLIED, Waiting
from ayla_service.jobs.schemas import AttemptPage, JobChange, JobDetail, JobPage
from ayla_service.jobs.scoping import own_job
from ayla_service.schemas import Id
from ayla_service.states import UNFINISHED_JOB, JobState, LabelKind
from ayla_service.teams.principal import Principal

router = APIRouter(tags=["jobs"])

ETAG = {"ETag": {"description": "The version; If-Match of a change names it.", "schema": {"type": "string"}}}
UNCHANGED = {"description": "As it was when the client read it."}
CHANGED: dict[int | str, dict[str, Any]] = {
    202: {"description": "The job as it is now.", "headers": {**REPLAYED, **ETAG}}
}


def _written_out(value: Any) -> Any:
    """A time as RFC 3339 writes it; pydantic would take a number of seconds as well."""
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("must be a time with its zone, such as 2030-01-31T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


def job_query(
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    paused: Annotated[
        bool | None, Query(description="Only jobs that are paused, or only those that are not; a pause is no state.")
    ] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Only jobs of this member.")] = None,
    tag: Annotated[Tag | None, Query(description="Only jobs with this tag.")] = None,
    project: Annotated[Project | None, Query(description="Only jobs of this project.")] = None,
    problem: Annotated[
        str | None,
        Query(
            max_length=100,
            description="Only jobs of this kind of problem (expression, dataset), on this dataset or of this preset.",
        ),
    ] = None,
    optimizer: Annotated[
        str | None, Query(max_length=100, description="Only jobs with this optimizer; 'ayla' for AYLA on any.")
    ] = None,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Only jobs with this text in name, project, tags, notes, problem or labels of optimizers.",
        ),
    ] = None,
    origin: Annotated[
        Id | None, Query(description="Only jobs that compute this trial of another job again, or it first.")
    ] = None,
    created_from: Annotated[Moment | None, Query(description="Only jobs submitted then or later.")] = None,
    created_before: Annotated[Moment | None, Query(description="Only jobs submitted before.")] = None,
    archived: Annotated[Archived, Query(description="Whether archived jobs are listed.")] = Archived.NO,
    sort: Annotated[Sort, Query(description="The order; a minus is for descending.")] = Sort.NEWEST,
) -> JobQuery:
    """Which jobs a list shows, from its query parameters."""
    given = {
        LabelKind.TAG: tag,
        LabelKind.PROJECT: project,
        LabelKind.OPTIMIZER: optimizer,
        LabelKind.PROBLEM: problem,
    }
    labels = {kind: label for kind, label in given.items() if label is not None}
    return JobQuery(state, paused, owner, labels, q, origin, created_from, created_before, archived, sort)


@router.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List the team's jobs, newest first",
    responses={200: {"description": "One page of jobs.", "headers": NEXT}},
)
def list_jobs(
    caller: Reader,
    jobs: Jobs,
    request: Request,
    response: Response,
    wanted: Annotated[JobQuery, Depends(job_query)],
    limit: Annotated[int, Query(ge=1, le=200, description="Jobs per page.")] = 50,
    cursor: Annotated[str | None, CURSOR] = None,
) -> JobPage:
    """The jobs that meet all conditions, a page at a time; archived ones only if asked for."""
    page = jobs.list(caller, wanted, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return JobPage(data=page.items, next_cursor=page.next_cursor)


@router.get(
    "/jobs/{job_id}",
    operation_id="get_job",
    summary="Read a job",
    response_model=JobDetail,
    responses={
        200: {"description": "The job.", "headers": {**ETAG, **APPLIED}},
        304: {"description": "Not modified."},
        **responses(404),
    },
)
def get_job(job_id: JobId, caller: Reader, jobs: Jobs, request: Request, waiting: Waiting) -> Response:
    """A job's state and progress, its spec as submitted and as resolved.

    With Prefer: wait=N the answer comes when the job has ended, or after N seconds.
    """
    now = _detail(request, jobs.get(caller, job_id))
    return waiting.until_ended(caller, [job_id], now, lambda _: _detail(request, jobs.get(caller, job_id)))


def _detail(request: Request, job: JobDetail) -> Response:
    content = job.model_dump_json().encode()
    return conditional(request, content, versioned_etag(job.version, content), "application/json")


def changed(job: JobDetail, status: int = 202) -> Answer:
    """The answer to a request that has changed a job."""
    etag = versioned_etag(job.version, job.model_dump_json().encode())
    return Answer(status, job, {"ETag": etag})


@router.patch(
    "/jobs/{job_id}",
    operation_id="change_job",
    summary="Change a job's name, project, tags, notes, priority, or archive it",
    response_model=JobDetail,
    dependencies=[Depends(submitted_json)],
    responses={
        200: {"description": "The job as it is now.", "headers": ETAG},
        **responses(404, 409, 412, 413, 415, 428),
    },
)
def change_job(
    job_id: JobId,
    change: Annotated[JobChange, Body(openapi_examples=JOB_CHANGE_EXAMPLES)],
    caller: Steerer,
    store: Store,
    if_match: Annotated[
        str | None, Header(description="ETag of the job as it was read; * to change whichever version there is.")
    ] = None,
) -> Response:
    """Change what is given, and leave the rest. What of the job runs already goes on whatever its priority."""
    version = required_version("job", if_match)
    with store.write() as session:
        answer = changed(editing.edit(session, caller, job_id, change.changes(), version), 200)
    return Response(answer.stored().body, headers=dict(answer.headers), media_type="application/json")


@router.delete(
    "/jobs/{job_id}",
    operation_id="delete_job",
    summary="Delete a job that has ended",
    status_code=204,
    responses=responses(404, 409),
)
def delete_job(job_id: JobId, caller: Submitter, store: Store) -> None:
    """The job is gone for good, with its trials, trajectories and metrics."""
    _refuse_unfinished(store, caller, job_id)
    retention.remove(store, job_id)


def _refuse_unfinished(store: Database, caller: Principal, job_id: str) -> None:
    with store.write() as session:
        job = own_job(session, caller, job_id)
        if job.state in UNFINISHED_JOB:
            raise JobUnfinished(job_id, "deleted")


@router.post(
    "/jobs/{job_id}/pause",
    operation_id="pause_job",
    summary="Pause a job",
    status_code=202,
    response_model=JobDetail,
    responses={**CHANGED, **responses(404, 409)},
)
def pause_job(job_id: JobId, caller: Steerer, jobs: Jobs, once: Once) -> Response:
    """Queued work leaves the queue at once; running work is saved and handed back at its next heartbeat.

    Nothing of the job runs until it is resumed. Safe to repeat.
    """
    return once(lambda session: changed(jobs.pause(session, caller, job_id)))


@router.post(
    "/jobs/{job_id}/resume",
    operation_id="resume_job",
    summary="Resume a job",
    status_code=202,
    response_model=JobDetail,
    responses={**CHANGED, **responses(404, 409)},
)
def resume_job(job_id: JobId, caller: Steerer, jobs: Jobs, once: Once) -> Response:
    """Put a paused job back into the queue, at its old place; it goes on from where it was. Safe to repeat."""
    devices: list[str] = []
    response = once(lambda session: _noting(devices, *jobs.resume(session, caller, job_id)))
    jobs.wake_up.notify(devices)
    return response


@router.post(
    "/jobs/{job_id}/retry",
    operation_id="retry_job",
    summary="Try a job again",
    status_code=202,
    response_model=JobDetail,
    responses={**CHANGED, **responses(404, 409)},
)
def retry_job(job_id: JobId, caller: Steerer, jobs: Jobs, once: Once) -> Response:
    """Queue again what of a failed or cancelled job has no result; what has one keeps it."""
    devices: list[str] = []
    response = once(lambda session: _noting(devices, *editing.retry(session, caller, job_id)))
    jobs.wake_up.notify(devices)
    return response


def _noting(noted: list[str], job: JobDetail, devices: Sequence[str]) -> Answer:
    noted += devices
    return changed(job)


@router.post(
    "/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    status_code=202,
    response_model=JobDetail,
    responses={**CHANGED, **responses(404, 409)},
)
def cancel_job(job_id: JobId, caller: Steerer, jobs: Jobs, once: Once) -> Response:
    """Queued work is cancelled at once, running work at its next heartbeat. Safe to repeat."""
    return once(lambda session: changed(jobs.cancel(session, caller, job_id)))


@router.get(
    "/jobs/{job_id}/attempts",
    operation_id="list_attempts",
    summary="List the attempts at a job",
    responses={200: {"description": "One page of attempts.", "headers": NEXT}, **responses(404)},
)
def list_attempts(
    job_id: JobId,
    caller: Reader,
    jobs: Jobs,
    request: Request,
    response: Response,
    sort: Annotated[AttemptSort, Query(description="The order; a minus is for descending.")] = AttemptSort.OLDEST,
    limit: Annotated[int, Query(ge=1, le=1000, description="Attempts per page.")] = 100,
    cursor: Annotated[str | None, CURSOR] = None,
) -> AttemptPage:
    """Every attempt at every shard of the job by its start, with its worker and, if it failed, its error."""
    page = jobs.attempts(caller, job_id, limit=limit, cursor=cursor, sort=sort)
    response.headers.update(next_page(request, page.next_cursor))
    return AttemptPage(data=page.items, next_cursor=page.next_cursor)
