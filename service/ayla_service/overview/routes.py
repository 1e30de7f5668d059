"""The queue that all share: what runs and waits, where a job stands, moving it, stopping and draining."""

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
from ayla_service.overview.schemas import JobMove, Queue, QueuePosition, Switches, WorkerList
from ayla_service.overview.service import QueueBoard, WorkerDirectory
from ayla_service.queue import control
from ayla_service.queue.control import QueueSwitches
from ayla_service.queue.sweep import sweep
from ayla_service.teams.principal import Principal


async def _directory(request: Request) -> WorkerDirectory:
    return WorkerDirectory(request.app.state.database, request.app.state.settings.presence_seconds)


async def _board(request: Request) -> QueueBoard:
    board: QueueBoard = request.app.state.board
    return board


Workers = Annotated[WorkerDirectory, Depends(_directory)]
Board = Annotated[QueueBoard, Depends(_board)]


_queue = APIRouter(tags=["queue"])
_workers = APIRouter(tags=["workers"])

_SWITCHED: dict[int | str, dict[str, Any]] = {200: {"description": "How it is switched now.", "headers": REPLAYED}}
_Switch = Callable[[Session, str, datetime], QueueSwitches]


@_queue.get("/queue", operation_id="get_queue", summary="Read the team's queue")
def get_queue(caller: Reader, board: Board) -> Queue:
    """What runs and waits of the team, what comes next and when, and who has had how much.

    All teams share the workers; of others only the number of workers that are busy for them is told. Estimates are
    what the policy does with the workers there are, if nothing new comes; see docs/queue.md.
    """
    return Queue.of_view(board.queue(caller))


@_queue.get(
    "/jobs/{job_id}/queue-position",
    operation_id="get_queue_position",
    summary="Read where a job stands in the queue",
    responses=responses(404),
)
def get_queue_position(job_id: JobId, caller: Reader, board: Board) -> QueuePosition:
    """How much is expected to be started before it, when it should start and finish, and from what that is told."""
    return QueuePosition.of(board.position(caller, job_id))


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
    """Let a job go before others of its owner with the same priority; whose turn it is does not change by that."""
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


def _switched(session: Session, caller: Principal, switch: _Switch, then: Callable[[], None] = lambda: None) -> Answer:
    switches = switch(session, caller.team_id, store_now(session))
    return Answer(200, Switches.of(switches), then=then)


@_workers.get("/workers", operation_id="list_workers", summary="List the workers and what they run")
def list_workers(caller: Reader, workers: Workers) -> WorkerList:
    """Every worker, in the order in which they started; one that has stopped or was lost is told for a day.

    All teams share them; of what they run only the caller's team's jobs are told.
    """
    return WorkerList.of(workers.list(caller))


router = APIRouter()
router.include_router(_queue)
router.include_router(_workers)
