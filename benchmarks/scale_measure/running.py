"""A store with many teams, and a fleet of simulated workers over it."""

import itertools
import math
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from ayla_service.db import migrate
from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import Database, store_now
from ayla_service.states import Role
from ayla_service.teams.principal import ROLE_SCOPES, Principal
from measure import fresh
from measure.timing import duration
from queue_measure.figures import percentile
from queue_measure.filling import fill, settle

from scale_measure.fleet import Duty
from scale_measure.gate import Gate, await_processes, shut
from scale_measure.watching import Moment, Samples, Watch, bytes_per_connection, moment
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
        return percentile(found, share) if found else math.nan

    @property
    def cores(self) -> float:
        """Cores that the server kept busy."""
        return (self.after.cpu - self.before.cpu) / self.seconds

    @property
    def transactions(self) -> float:
        """Commits per second."""
        return (self.after.transactions - self.before.transactions) / self.seconds


@dataclass(slots=True)
class Run:
    """What a fleet did.

    Attributes:
        windows: one after the other.
        errors: how often what went wrong, in all of the run.
        connection_bytes: memory of one connection's process, at the end.
    """

    windows: list[Window]
    errors: dict[str, int]
    connection_bytes: float

    def median(self, value: Callable[[Window], float]) -> float:
        """Median over the windows."""
        return statistics.median(value(window) for window in self.windows)

    def rate(self, kind: str) -> float:
        """Operations of a kind per second, the median."""
        return self.median(lambda window: window.rate(kind))

    def shown(self, kind: str, share: float) -> str:
        """Seconds of an operation that this share of them does not exceed, the median, for a table."""
        seconds = self.median(lambda window: window.quantile(kind, share))
        return "–" if math.isnan(seconds) else duration(seconds)

    @property
    def cores(self) -> float:
        """Cores that the server kept busy, the median."""
        return self.median(lambda window: window.cores)

    @property
    def transactions(self) -> float:
        """Commits per second, the median."""
        return self.median(lambda window: window.transactions)

    @property
    def errors_shown(self) -> str:
        """What went wrong, for a table."""
        return ", ".join(f"{number} {what}" for what, number in sorted(self.errors.items())) or "none"


@contextmanager
def large_server() -> Iterator[PostgresServer]:
    """A PostgreSQL whose commits reach the disk, reached over TCP, that takes a thousand connections."""
    with PostgresServer.own(durable=True, tcp=True, settings=SERVER) as server:
        yield server


@contextmanager
def filled_store(server: PostgresServer, teams: int, shards: int) -> Iterator[Database]:
    """A new store of teams of one member each, with so many queued shards together; gone at the end."""
    name = f"scale_{next(_names)}"
    # On a busy machine a thousand connections may take long to be made, which is not what is measured.
    url = server.create_database(name).update_query_dict({"connect_timeout": "60"})
    database = Database(url.render_as_string(hide_password=False))
    try:
        migrate.upgrade(database)
        for owner in _owners(database, teams) if shards else ():
            fill(database, -(-shards // teams), owner)
        settle(database)
        yield database
    finally:
        database.dispose()
        server.drop_database(name)


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
    with ThreadPoolExecutor(processes) as pool:
        with shut(Gate.END, database):
            with shut(Gate.BEGIN, database):
                calls = _called(pool, database, parts, duty)
                await_processes(Gate.BEGIN, database, processes)
            time.sleep(warm + _WARM_SECONDS)
            watched = [watched_window(database, server, length) for length in windows]
            memory = bytes_per_connection(server)
        answers: list[dict[str, Any]] = [call.result().value for call in calls]
    return _run(watched, answers, memory)


def _called(pool: Executor, database: Database, parts: Sequence[int], duty: Duty) -> list[Future[fresh.Answer]]:
    """The processes of a fleet, of so many workers each."""
    target, firsts = "scale_measure.fleet:run", itertools.accumulate(parts, initial=0)
    return [
        pool.submit(fresh.call, target, url=database.url, first=first, count=count, duty=asdict(duty))
        for first, count in zip(firsts, parts, strict=False)
    ]


def watched_window(database: Database, server: PostgresServer, seconds: float) -> tuple[Moment, Moment, Samples]:
    before = moment(database, server)
    with Watch(database) as watch:
        time.sleep(max(0.0, before.at + seconds - time.time()))
    return before, moment(database, server), watch.samples


def _run(watched: Sequence[tuple[Moment, Moment, Samples]], answers: Sequence[dict[str, Any]], memory: float) -> Run:
    told = [operation for answer in answers for operation in answer["operations"]]
    errors: Counter[str] = Counter()
    for answer in answers:
        errors.update(answer["errors"])
    return Run([window(*one, told) for one in watched], dict(errors), memory)


def window(before: Moment, after: Moment, samples: Samples, told: Sequence[tuple[str, float, float]]) -> Window:
    """What of the operations ended between two moments."""
    operations: dict[str, list[float]] = {}
    for kind, ended, seconds in told:
        if before.at <= ended < after.at:
            operations.setdefault(kind, []).append(seconds)
    return Window(after.at - before.at, operations, before, after, samples)
