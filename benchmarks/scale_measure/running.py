"""A store with many teams, and a fleet of simulated workers over it."""

import itertools
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from ayla_service.db import migrate
from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.states import Role
from ayla_service.teams.principal import ROLE_SCOPES, Principal
from measure import fresh
from queue_measure.figures import percentile
from queue_measure.filling import fill, settle

from scale_measure.fleet import Duty
from scale_measure.gate import gate
from scale_measure.watching import Moment, Samples, Watch, moment
from tests.servers.postgres import PostgresServer

PROCESSES = 4
"""Of a fleet: its threads share their interpreters."""

CONNECTIONS = 1200
SERVER = {"max_connections": CONNECTIONS, "log_lock_waits": "on"}
"""Settings of the server that are not its defaults."""

_WARM_SECONDS = 2.0
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Window:
    """What happened in one stretch of time.

    Attributes:
        seconds: its length.
        operations: seconds of each operation that ended in it, by kind.
        before: the server at its begin.
        after: the server at its end.
        samples: of what the server did.
    """

    seconds: float
    operations: dict[str, list[float]]
    before: Moment
    after: Moment
    samples: Samples

    def rate(self, kind: str) -> float:
        """Operations of a kind per second."""
        return len(self.operations.get(kind, ())) / self.seconds

    def quantile(self, kind: str, share: float) -> float:
        """Seconds of an operation that this share of them does not exceed; NaN if there was none."""
        found = self.operations.get(kind)
        return percentile(found, share) if found else float("nan")


@dataclass(slots=True)
class Run:
    """What a fleet did.

    Attributes:
        windows: one after the other.
        errors: how often what went wrong, in all of the run.
        cpu: seconds that the workers' processes used in all of the run.
        operations: in all of the run, by kind.
    """

    windows: list[Window]
    errors: dict[str, int] = field(default_factory=dict)
    cpu: float = 0.0
    operations: dict[str, int] = field(default_factory=dict)

    def median(self, value: Callable[[Window], float]) -> float:
        """Median over the windows."""
        return statistics.median(value(window) for window in self.windows)


@contextmanager
def large_server() -> Iterator[PostgresServer]:
    """A PostgreSQL whose commits reach the disk, reached over TCP, that takes a thousand connections."""
    with PostgresServer.own(durable=True, tcp=True, settings=SERVER) as server:
        yield server


@contextmanager
def store(server: PostgresServer) -> Iterator[Database]:
    """A new store with its schema, gone at the end."""
    name = f"scale_{next(_names)}"
    database = Database(server.create_database(name).render_as_string(hide_password=False))
    try:
        migrate.upgrade(database)
        yield database
    finally:
        database.dispose()
        server.drop_database(name)


def fill_for(database: Database, teams: int, shards: int) -> None:
    """Teams of one member each, with so many queued shards together, as evenly as they go."""
    for owner in _owners(database, teams):
        fill(database, -(-shards // teams), owner)
    settle(database)


def _owners(database: Database, teams: int) -> list[Principal]:
    owners = [
        Principal(str(uuid.uuid4()), str(uuid.uuid4()), f"team-{number}", Role.MEMBER, ROLE_SCOPES[Role.MEMBER])
        for number in range(teams)
    ]
    with database.write() as session:
        now = store_now(session)
        session.add_all(TeamRow(id=one.team_id, name=one.name, limits={}, created_at=now) for one in owners)
        session.flush()
        session.add_all(
            MemberRow(id=one.member_id, team_id=one.team_id, name=one.name, role=one.role, limits={}, created_at=now)
            for one in owners
        )
    return owners


def run_fleet(
    database: Database, server: PostgresServer, count: int, duty: Duty, windows: Sequence[float], warm: float = 0.0
) -> Run:
    """Let so many workers work for some windows of so many seconds, one after the other, after they are warm."""
    processes = min(PROCESSES, count)
    parts = [count // processes + (number < count % processes) for number in range(processes)]
    seconds = warm + _WARM_SECONDS + sum(windows)
    with ThreadPoolExecutor(processes) as pool:
        with gate(database, processes):
            calls = [
                pool.submit(
                    fresh.call,
                    "scale_measure.fleet:run",
                    url=database.url,
                    first=sum(parts[:number]),
                    count=part,
                    duty=asdict(duty),
                    seconds=seconds,
                )
                for number, part in enumerate(parts)
            ]
        time.sleep(warm + _WARM_SECONDS)
        watched = [_watched(database, server, length) for length in windows]
        answers: list[dict[str, Any]] = [call.result().value for call in calls]
    return _run(watched, answers)


def _watched(database: Database, server: PostgresServer, seconds: float) -> tuple[Moment, Moment, Samples]:
    before = moment(database, server)
    with Watch(database) as watch:
        time.sleep(max(0.0, before.at + seconds - time.time()))
    return before, moment(database, server), watch.samples


def _run(watched: Sequence[tuple[Moment, Moment, Samples]], answers: Sequence[dict[str, Any]]) -> Run:
    run = Run([_window(*one, answers) for one in watched])
    for answer in answers:
        run.cpu += answer["cpu"]
        for what, number in answer["errors"].items():
            run.errors[what] = run.errors.get(what, 0) + number
        for kind, *_ in answer["operations"]:
            run.operations[kind] = run.operations.get(kind, 0) + 1
    return run


def _window(before: Moment, after: Moment, samples: Samples, answers: Sequence[dict[str, Any]]) -> Window:
    operations: dict[str, list[float]] = {}
    for answer in answers:
        for kind, ended, seconds in answer["operations"]:
            if before.at <= ended < after.at:
                operations.setdefault(kind, []).append(seconds)
    return Window(after.at - before.at, operations, before, after, samples)
