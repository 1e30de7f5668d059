"""How long it takes until the work that a fault has stopped runs again, by the store's own times."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.states import PRIORITIES, AttemptOutcome
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.schedule import Fault

_LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Injury:
    """A fault that has happened.

    Attributes:
        begun: when, in seconds since the epoch.
        victims: shard and number of each attempt that ran on the worker that was hurt.
        recovered: seconds until what was hurt worked again, where that is not read from the attempts.
        skipped: why it did not happen, if so.
        failure: why it could not be carried out, if that is the fault of the harness.
    """

    fault: Fault
    begun: float = 0.0
    victims: list[tuple[str, int]] = field(default_factory=list)
    recovered: float | None = None
    skipped: str | None = None
    failure: str | None = None


def running_on(database: Database, pids: Collection[int]) -> list[tuple[str, int]]:
    """Shard and number of the attempts that run in the processes with these ids, as their workers' names have them."""
    query = select(AttemptRow.shard_id, AttemptRow.number, AttemptRow.worker).where(
        AttemptRow.outcome == AttemptOutcome.RUNNING
    )
    with database.read() as session:
        rows = session.execute(query).all()
    return [(shard, number) for shard, number, worker in rows if int(worker.split(":")[-2]) in pids]


def is_writing(database: Database, application: str) -> bool:
    """Whether a program, by the name that it gave the store, is within a transaction."""
    sessions = text("SELECT 1 FROM pg_stat_activity WHERE application_name = :name AND state <> 'idle'")
    with database.read() as session:
        return session.execute(sessions, {"name": application}).first() is not None


def are_taken_up(database: Database, attempts: Sequence[tuple[str, int]]) -> bool:
    """Whether a later attempt runs at one of the shards."""
    running = select(AttemptRow.shard_id, AttemptRow.number).where(AttemptRow.outcome == AttemptOutcome.RUNNING)
    with database.read() as session:
        now = dict(session.execute(running).all())
    return any(now.get(shard, number) > number for shard, number in attempts)


class Pulse:
    """A thread that notes when something was written into the store by any worker.

    Attributes:
        beats: seconds since the epoch, by the store's clock, in order.
    """

    def __init__(self, database: Database) -> None:
        self.beats: list[float] = []
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()

    def after(self, moment: float, patience: float) -> float | None:
        """Wait for a write after a moment; returns the seconds from then to it, None if there is none."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            later = [beat for beat in self.beats[-50:] if beat > moment]
            if later:
                return later[0] - moment
            time.sleep(_LOOK_SECONDS)
        return None

    def _run(self) -> None:
        latest = select(func.max(func.greatest(AttemptRow.heartbeat_at, AttemptRow.started_at)))
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                with self._database.read() as session:
                    found: datetime | None = session.execute(latest).scalar_one()
            except SQLAlchemyError:
                continue
            beat = 0.0 if found is None else _seconds(found)
            if not self.beats or beat > self.beats[-1]:
                self.beats.append(beat)


@dataclass(frozen=True, slots=True)
class Resumption:
    """What became of one interrupted attempt.

    Attributes:
        queued: seconds until its shard was given back.
        running: seconds until the next attempt began.
    """

    queued: float
    running: float


def resumptions(database: Database, injuries: Sequence[Injury]) -> Mapping[int, list[Resumption]]:
    """By the number of the fault.

    Left out are attempts that survived it, shards that ran no more, and those of jobs that their users had given a low
    priority: they wait until nothing else is left, fault or not.
    """
    with database.read() as session:
        patient = set(session.scalars(select(ShardRow.id).where(ShardRow.priority > PRIORITIES["normal"])))
        attempts = {(item.shard_id, item.number): item for item in session.scalars(select(AttemptRow))}
        session.expunge_all()  # to be read after the end of the unit of work
    found: dict[int, list[Resumption]] = {}
    for injury in injuries:
        pairs = [(attempts.get((shard, n)), attempts.get((shard, n + 1))) for shard, n in injury.victims]
        found[injury.fault.number] = [
            Resumption(_seconds(hurt.ended_at) - injury.begun, _seconds(following.started_at) - injury.begun)
            for hurt, following in pairs
            if hurt is not None and hurt.ended_at is not None and following is not None
            if hurt.shard_id not in patient
        ]
    return found


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
