"""Gates at which processes wait for each other: advisory locks of the store that they all use anyway."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from ayla_service.db.session import Database
from sqlalchemy import Connection, text


class Gate(IntEnum):
    """A gate, by the number of its lock."""

    BEGIN = 4711
    END = 4712


WAIT_AT_GATE = "pg_advisory_xact_lock_shared"
"""Part of the statement of whoever waits, by which the watch of the store knows it."""

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 600.0


def wait_at(gate: Gate, connection: Connection) -> None:
    """Return when the gate is opened. The connection is the caller's own: busy threads may take all of a pool."""
    with connection.begin():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT {WAIT_AT_GATE}({gate.value})"))


@contextmanager
def shut(gate: Gate, database: Database) -> Iterator[None]:
    """Keep the gate shut until the context is left."""
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({gate.value})"))
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({gate.value})"))


def await_processes(gate: Gate, database: Database, processes: int) -> None:
    """Return when so many processes wait at the gate.

    Raises:
        RuntimeError: if they do not come.
    """
    waiting = text(
        f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {gate.value} AND NOT granted"
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        while connection.execute(waiting).scalar_one() < processes:
            if time.monotonic() > deadline:
                raise RuntimeError("the processes do not come to the gate")
            time.sleep(_LOOK_SECONDS)
