"""A gate at which processes wait until all are ready: an advisory lock of the store that they all use anyway."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ayla_service.db.session import Database
from sqlalchemy import text

_GATE = 4711
_SHUT, _OPEN = f"SELECT pg_advisory_lock({_GATE})", f"SELECT pg_advisory_unlock({_GATE})"
_PASS = f"SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock_shared({_GATE})"
_WAITING = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {_GATE} AND NOT granted"
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 180.0


def wait_at_gate(database: Database) -> None:
    """Return when the gate is opened."""
    with database.engine.begin() as connection:
        for statement in _PASS.split(";"):
            connection.execute(text(statement))


@contextmanager
def gate(database: Database, processes: int) -> Iterator[None]:
    """Shut the gate; what is done in the context begins when so many processes wait, and then it opens.

    Raises:
        RuntimeError: if they do not come.
    """
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(_SHUT))
        try:
            yield
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while connection.execute(text(_WAITING)).scalar_one() < processes:
                if time.monotonic() > deadline:
                    raise RuntimeError("the simulated workers do not start")
                time.sleep(_LOOK_SECONDS)
        finally:
            connection.execute(text(_OPEN))
