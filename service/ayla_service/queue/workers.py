"""Workers and what they run. Everything here can be repeated, and nothing of the queue relies on it.

A worker tells by itself that it lives, apart from its heartbeats: those follow its progress, and an idle worker has
none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import AttemptRow, ShardRow, WorkerRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.schemas import RunningAttempt, Worker, WorkerState
from ayla_service.states import AttemptOutcome

KEPT = timedelta(days=1)
"""Time for which a worker that has stopped or was lost is remembered."""

_SILENT_INTERVALS = 3


ALIVE = (WorkerState.IDLE, WorkerState.BUSY)


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """Facts that a worker registers itself with.

    Attributes:
        name: unique for ever; its attempts carry it.
        host: the machine.
        pid: the process there.
        device: what it computes on, for people.
        devices: which requested devices it can serve, of auto, cpu and cuda; none while it prepares.
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


def register(database: Database, facts: WorkerFacts) -> None:
    """Register a worker. Forgets those that are gone for long, so that restarts do not fill the table."""
    with database.write() as session:
        now = store_now(session)
        forget(session, now - KEPT)
        known = session.get(WorkerRow, facts.name)
        session.merge(
            WorkerRow(
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
    """Note a sign of life of a worker; returns False if the store does not know it (any more): it has to register."""
    with database.write() as session:
        living = update(WorkerRow).where(WorkerRow.name == name, WorkerRow.stopped_at.is_(None))
        updated = session.execute(living.values(heartbeat_at=store_now(session)).returning(WorkerRow.name))
        return updated.first() is not None


def sign_off(database: Database, name: str) -> None:
    """Note that a worker stops; the first time counts."""
    with database.write() as session:
        living = update(WorkerRow).where(WorkerRow.name == name, WorkerRow.stopped_at.is_(None))
        session.execute(living.values(stopped_at=store_now(session)))


def forget(session: Session, before: datetime) -> int:
    """Drop the workers that have given no sign of life since; returns how many there were."""
    gone = session.execute(delete(WorkerRow).where(silent_since(before)).returning(WorkerRow.name))
    return len(gone.all())


def silent_since(moment: datetime) -> ColumnElement[bool]:
    """Condition on workers that have given no sign of life since, whether they have stopped or were lost."""
    return WorkerRow.heartbeat_at < moment


def list_workers(session: Session, presence_seconds: float, team_id: str | None = None) -> list[Worker]:
    """All workers that are remembered, in the order in which they started.

    Args:
        session: a unit of work.
        presence_seconds: time between a worker's signs of life; one that is silent for three times that is lost.
        team_id: show attempts at this team's jobs only; None for all.
    """
    since = lost_before(store_now(session), presence_seconds)
    attempts = _running(session)
    workers = session.scalars(select(WorkerRow).order_by(WorkerRow.started_at, WorkerRow.name))
    return [_view(worker, attempts.get(worker.name, []), since, team_id) for worker in workers]


def lost_before(now: datetime, presence_seconds: float) -> datetime:
    """Time before which the last sign of life of a lost worker was."""
    return now - timedelta(seconds=_SILENT_INTERVALS * presence_seconds)


def _running(session: Session) -> dict[str, list[tuple[str, RunningAttempt]]]:
    """Running attempts by worker, with their team: as many as there are workers, however many have ended."""
    # Written into the statement: the planner cannot see that a bound value meets the condition of a partial index.
    running = written(AttemptOutcome.RUNNING)
    rows = session.execute(
        select(
            AttemptRow.worker,
            ShardRow.team_id,
            ShardRow.job_id,
            AttemptRow.shard_id,
            AttemptRow.number,
            AttemptRow.started_at,
        )
        .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
        .where(AttemptRow.outcome == running)
        .order_by(AttemptRow.started_at, AttemptRow.shard_id)
    )
    found: dict[str, list[tuple[str, RunningAttempt]]] = defaultdict(list)
    for worker, team_id, job_id, shard_id, number, since in rows:
        found[worker].append((team_id, RunningAttempt(job_id=job_id, shard_id=shard_id, number=number, since=since)))
    return found


def _view(
    worker: WorkerRow, attempts: Sequence[tuple[str, RunningAttempt]], lost: datetime, team_id: str | None
) -> Worker:
    return Worker(
        name=worker.name,
        state=_state(worker, lost, busy=bool(attempts)),
        host=worker.host,
        pid=worker.pid,
        device=worker.device,
        devices=worker.devices,
        memory_bytes=worker.memory_bytes,
        environment=worker.environment,
        started_at=worker.started_at,
        heartbeat_at=worker.heartbeat_at,
        stopped_at=worker.stopped_at,
        attempts=[attempt for team, attempt in attempts if team_id in (None, team)],
    )


def _state(worker: WorkerRow, lost: datetime, *, busy: bool) -> WorkerState:
    if worker.stopped_at is not None:
        return WorkerState.STOPPED
    if worker.heartbeat_at < lost:
        return WorkerState.LOST
    if not worker.devices:
        return WorkerState.PREPARING
    return WorkerState.BUSY if busy else WorkerState.IDLE
