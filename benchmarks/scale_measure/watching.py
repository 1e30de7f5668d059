"""Watches a PostgreSQL at work: what its connections wait for, what the claim that holds the lock does, CPU, memory."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
from ayla_service.db.session import Database
from ayla_service.queue.claim_lock import CLAIM_LOCK
from sqlalchemy import Connection, text

from scale_measure.gate import WAIT_AT_GATE
from tests.servers.postgres import PostgresServer

_EVERY_SECONDS = 0.1
_LOGGED_WAIT = "still waiting for"

_WAITS = text(
    "SELECT coalesce(wait_event_type, ''), coalesce(wait_event, ''), count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
    f"AND state IN ('active', 'idle in transaction') AND query NOT LIKE '%{WAIT_AT_GATE}%' GROUP BY 1, 2"
)
_HOLDER = text(
    "SELECT a.state, coalesce(a.wait_event_type, ''), coalesce(a.wait_event, ''), a.query FROM pg_locks l "
    "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND l.classid = :upper AND l.objid = :lower"
).bindparams(upper=CLAIM_LOCK >> 32, lower=CLAIM_LOCK & 0xFFFFFFFF)
_COUNTERS = text("SELECT xact_commit, deadlocks, numbackends FROM pg_stat_database WHERE datname = current_database()")

COMPUTES, COMMITS, AWAY, WAITS = "computes", "waits for the disk", "waits for its worker", "waits for a lock"


@dataclass(frozen=True, slots=True)
class Moment:
    """State of the server at one moment.

    Attributes:
        at: time of the epoch.
        cpu: seconds that its processes have used.
        transactions: committed so far.
        deadlocks: so far.
        connections: to this database.
        logged_waits: waits for a lock longer than ``deadlock_timeout`` (1 s), as its log has them.
    """

    at: float
    cpu: float
    transactions: int
    deadlocks: int
    connections: int
    logged_waits: int


@dataclass(slots=True)
class Samples:
    """What was seen at some moments.

    Attributes:
        taken: number of moments.
        waits: connections that waited, over all moments, by kind and name of what they waited for ('': none).
        holder: moments at which the claim that held the lock did this; and the statement that it was at.
    """

    taken: int = 0
    waits: Counter[tuple[str, str]] = field(default_factory=Counter)
    holder: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)

    def waiting_for(self, kind: str, *names: str) -> float:
        """Mean number of connections that waited for something of a kind, or of these names."""
        found = sum(n for (what, name), n in self.waits.items() if what == kind and (not names or name in names))
        return found / max(1, self.taken)

    def share_of_holder(self, what: str) -> float:
        """Part of the moments with a holder at which it did this."""
        return self.holder[what] / max(1, self.holder.total())


class Watch:
    """Samples a store while the context runs.

    Args:
        database: the store.
    """

    def __init__(self, database: Database) -> None:
        self.samples = Samples()
        self._database = database
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        with self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            while not self._ending.wait(_EVERY_SECONDS):
                self._sample(connection)

    def _sample(self, connection: Connection) -> None:
        self.samples.taken += 1
        for kind, name, count in connection.execute(_WAITS):
            self.samples.waits[kind, name] += count
        for state, kind, name, query in connection.execute(_HOLDER):
            self.samples.holder[_doing(state, kind)] += 1
            self.samples.statements[f"{_doing(state, kind)} {name}: {_short(query)}"] += 1


def _doing(state: str, kind: str) -> str:
    if state != "active" or kind == "Client":
        return AWAY
    return {"IO": COMMITS, "LWLock": COMMITS if kind == "WALWrite" else WAITS, "Lock": WAITS}.get(kind, COMPUTES)


def _short(query: str) -> str:
    return " ".join(query.split())[:100]


def moment(database: Database, server: PostgresServer) -> Moment:
    """The state of a server now."""
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        row: Any = connection.execute(_COUNTERS).one()
    waits = server.said().count(_LOGGED_WAIT)
    return Moment(time.time(), _cpu_seconds(server), row.xact_commit, row.deadlocks, row.numbackends, waits)


def _cpu_seconds(server: PostgresServer) -> float:
    """Of all processes that are there; none of those that are counted ends meanwhile."""
    total = 0.0
    for process in _processes(server):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def bytes_per_connection(server: PostgresServer) -> float:
    """Memory of a connection's process, its part of what processes share counted once."""
    sizes = [size for process in _processes(server) if (size := _proportional_bytes(process.pid))]
    return sum(sizes) / max(1, len(sizes))


def _proportional_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


def _processes(server: PostgresServer) -> Sequence[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)
