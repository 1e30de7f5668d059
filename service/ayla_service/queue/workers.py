"""Which workers there are and what they do. Everything here can be repeated, and nothing of the queue relies on it.

A worker tells by itself that it lives, apart from its heartbeats: those follow its progress, and an idle worker has
none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Attempt, Shard, Worker
from ayla_service.db.session import Database, store_now
from ayla_service.states import AttemptOutcome

KEPT = timedelta(days=1)
"""How long a worker that has stopped or was lost is remembered."""

_SILENT_INTERVALS = 3


class WorkerState(StrEnum):
    """Whether a worker has work; lost means that it is silent and has not said that it stops."""

    IDLE = "idle"
    BUSY = "busy"
    LOST = "lost"
    STOPPED = "stopped"


ALIVE = (WorkerState.IDLE, WorkerState.BUSY)


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker says of itself when it registers.

    Attributes:
        name: unique for ever; its attempts carry it.
        host: the machine.
        pid: the process there.
        device: what it computes on, for people.
        devices: which requested devices it can serve, of auto, cpu and cuda.
        memory_bytes: of the machine, or of the GPU it computes on.
        environment: what makes its results repeatable: versions, threads, processor.
    """

    name: str
    host: str
    pid: int
    device: str
    devices: tuple[str, ...]
    memory_bytes: int
    environment: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunningAttempt:
    """What a worker works on."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker as people see it; ``heartbeat_at`` is its last sign of life."""

    name: str
    state: WorkerState
    host: str
    pid: int
    device: str
    devices: tuple[str, ...]
    memory_bytes: int
    environment: Mapping[str, Any]
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None
    attempts: tuple[RunningAttempt, ...]


def register(database: Database, facts: WorkerFacts) -> None:
    """Say that a worker is there. Forgets those that are gone for long, so that restarts do not fill the table."""
    with database.write() as session:
        now = store_now(session)
        forget(session, now - KEPT)
        known = session.get(Worker, facts.name)
        session.merge(
            Worker(
                name=facts.name,
                host=facts.host,
                pid=facts.pid,
                device=facts.device,
                devices=list(facts.devices),
                memory_bytes=facts.memory_bytes,
                environment=dict(facts.environment),
                started_at=now if known is None else known.started_at,
                heartbeat_at=now,
                stopped_at=None,
            )
        )


def beat(database: Database, name: str) -> bool:
    """Say that a worker lives; returns False where the store does not know it (any more): it has to register."""
    with database.write() as session:
        living = update(Worker).where(Worker.name == name, Worker.stopped_at.is_(None))
        told = session.execute(living.values(heartbeat_at=store_now(session)).returning(Worker.name))
        return told.first() is not None


def sign_off(database: Database, name: str) -> None:
    """Say that a worker stops; the first time counts."""
    with database.write() as session:
        living = update(Worker).where(Worker.name == name, Worker.stopped_at.is_(None))
        session.execute(living.values(stopped_at=store_now(session)))


def forget(session: Session, before: datetime) -> int:
    """Drop the workers that have given no sign of life since; returns how many there were."""
    gone = session.execute(delete(Worker).where(silent_since(before)).returning(Worker.name))
    return len(gone.all())


def silent_since(moment: datetime) -> ColumnElement[bool]:
    """Condition on workers that have given no sign of life since, whether they have stopped or were lost."""
    return Worker.heartbeat_at < moment


def list_workers(session: Session, presence_seconds: float, team_id: str | None = None) -> list[WorkerView]:
    """Every worker that is remembered, in the order in which they started.

    Args:
        session: a unit of work.
        presence_seconds: how often workers say that they live; three times that without a word, and one is lost.
        team_id: tell only of attempts at this team's jobs; None for all.
    """
    since = lost_before(store_now(session), presence_seconds)
    attempts = _running(session)
    workers = session.scalars(select(Worker).order_by(Worker.started_at, Worker.name))
    return [_view(worker, attempts.get(worker.name, []), since, team_id) for worker in workers]


def lost_before(now: datetime, presence_seconds: float) -> datetime:
    """A worker that has given no sign of life since then is lost."""
    return now - timedelta(seconds=_SILENT_INTERVALS * presence_seconds)


def _running(session: Session) -> dict[str, list[tuple[str, RunningAttempt]]]:
    """Attempts that run, by worker and with their team: as many as there are workers, however many have ended."""
    # Written into the statement: the planner cannot see that a bound value meets the condition of a partial index.
    running = written(AttemptOutcome.RUNNING)
    rows = session.execute(
        select(Attempt.worker, Shard.team_id, Shard.job_id, Attempt.shard_id, Attempt.number, Attempt.started_at)
        .join(Shard, Shard.id == Attempt.shard_id)
        .where(Attempt.outcome == running)
        .order_by(Attempt.started_at, Attempt.shard_id)
    )
    found: dict[str, list[tuple[str, RunningAttempt]]] = defaultdict(list)
    for worker, team_id, job_id, shard_id, number, since in rows:
        found[worker].append((team_id, RunningAttempt(job_id, shard_id, number, since)))
    return found


def _view(
    worker: Worker, attempts: Sequence[tuple[str, RunningAttempt]], lost: datetime, team_id: str | None
) -> WorkerView:
    return WorkerView(
        name=worker.name,
        state=_state(worker, lost, busy=bool(attempts)),
        host=worker.host,
        pid=worker.pid,
        device=worker.device,
        devices=tuple(worker.devices),
        memory_bytes=worker.memory_bytes,
        environment=worker.environment,
        started_at=worker.started_at,
        heartbeat_at=worker.heartbeat_at,
        stopped_at=worker.stopped_at,
        attempts=tuple(attempt for team, attempt in attempts if team_id in (None, team)),
    )


def _state(worker: Worker, lost: datetime, *, busy: bool) -> WorkerState:
    if worker.stopped_at is not None:
        return WorkerState.STOPPED
    if worker.heartbeat_at < lost:
        return WorkerState.LOST
    return WorkerState.BUSY if busy else WorkerState.IDLE
