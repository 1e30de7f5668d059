"""Routes of the queue: overview, position of a job, moving it, pausing and draining; and of the workers."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response
from sqlalchemy.orm import Session
from starlette.requests import Request

from ayla_service.db.session import store_now
from ayla_service.http.authorization import Admin, Reader, Steerer
from ayla_service.http.dependencies import JobId, Jobs, Store, submitted_json
from ayla_service.http.examples import MOVE_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, Answer, Once
from ayla_service.http.problems import responses
from ayla_service.jobs.routes.jobs import CHANGED, changed
from ayla_service.jobs.schemas import JobDetail
from ayla_service.overview.moving import move_before, move_to_front
from ayla_service.overview.schemas import JobMove, Queue, QueuePosition, WorkerList
from ayla_service.overview.service import QueueOverview
from ayla_service.queue import control
from ayla_service.queue.schemas import Switches
from ayla_service.queue.sweep import sweep
from ayla_service.teams.principal import Principal


async def _overview(request: Request) -> QueueOverview:
    overview: QueueOverview = request.app.state.overview
    return overview


Overview = Annotated[QueueOverview, Depends(_overview)]


_queue = APIRouter(tags=["queue"])
_workers = APIRouter(tags=["workers"])

_SWITCHED: dict[int | str, dict[str, Any]] = {200: {"description": "How it is switched now.", "headers": REPLAYED}}
_Switch = Callable[[Session, str, datetime], Switches]


@_queue.get("/queue", operation_id="get_queue", summary="Read the team's queue")
def get_queue(caller: Reader, overview: Overview) -> Queue:
    """Running and waiting work of the team, the next jobs with estimates, and the shares of its members.

    All teams share the workers; of others only the number of workers that are busy for them is shown. Estimates are
    what the policy does with the workers there are, if nothing new comes; see docs/queue.md.
    """
    return overview.queue(caller)


@_queue.get(
    "/jobs/{job_id}/queue-position",
    operation_id="get_queue_position",
    summary="Read where a job stands in the queue",
    responses=responses(404),
)
def get_queue_position(job_id: JobId, caller: Reader, overview: Overview) -> QueuePosition:
    """Number of shards that should be started before it, estimates of its start and finish, and their basis."""
    return overview.position(caller, job_id)


@_queue.post(
    "/jobs/{job_id}/move",
    operation_id="move_job",
    summary="Move a job in the queue",
    status_code=202,
    response_model=JobDetail,
    dependencies=[Depends(submitted_json)],
    responses={**CHANGED, **responses(404, 409, 413, 415)},
)
def move_job(
    job_id: JobId, where: Annotated[JobMove, Body(openapi_examples=MOVE_EXAMPLES)], caller: Steerer, once: Once
) -> Response:
    """Move a job before others of its owner with the same priority; the shares of members do not change by that."""
    other_id = where.other()
    if other_id is None:
        return once(lambda session: changed(move_to_front(session, caller, job_id)))
    return once(lambda session: changed(move_before(session, caller, job_id, other_id)))


@_queue.post(
    "/queue/pause", operation_id="pause_queue", summary="Pause the queue", response_model=Switches, responses=_SWITCHED
)
def pause_queue(caller: Admin, once: Once) -> Response:
    """Nothing of the team is started until the queue is resumed; what runs goes on. Safe to repeat."""
    return once(lambda session: _switched(session, caller, control.pause))


@_queue.post(
    "/queue/drain", operation_id="drain_queue", summary="Drain the queue", response_model=Switches, responses=_SWITCHED
)
def drain_queue(caller: Admin, once: Once) -> Response:
    """No new jobs are taken until the queue is resumed; what is on it is run. Safe to repeat."""
    return once(lambda session: _switched(session, caller, control.drain))


@_queue.post(
    "/queue/resume",
    operation_id="resume_queue",
    summary="Resume the queue",
    response_model=Switches,
    responses=_SWITCHED,
)
def resume_queue(caller: Admin, jobs: Jobs, store: Store, once: Once) -> Response:
    """Jobs are taken and started again. Safe to repeat."""
    return once(lambda session: _switched(session, caller, control.resume, lambda: sweep(store, jobs.wake_up)))


def _switched(
    session: Session, caller: Principal, switch: _Switch, then: Callable[[], object] = lambda: None
) -> Answer:
    return Answer(200, switch(session, caller.team_id, store_now(session)), then=then)


@_workers.get("/workers", operation_id="list_workers", summary="List the workers and what they run")
def list_workers(caller: Reader, overview: Overview) -> WorkerList:
    """All workers, in the order in which they started; one that has stopped or was lost is listed for a day.

    All teams share them; of what they run only the caller's team's jobs are shown.
    """
    return overview.workers(caller)


router = APIRouter()
router.include_router(_queue)
router.include_router(_workers)
