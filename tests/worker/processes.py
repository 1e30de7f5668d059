"""Real worker processes on a store, to be killed."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ayla_service.db.models import ChunkRow
from ayla_service.db.session import Database
from sqlalchemy import func, select

from tests.servers import forks
from tests.servers.forks import Fork

LEASE_SECONDS = 2.0


@contextmanager
def worker(database: Database, log: Path, **settings: object) -> Iterator[Fork]:
    """A worker process with a short lease; killed at the end if it still runs."""
    environment = {
        **os.environ,
        "AYLA_DATABASE_URL": database.url,
        "AYLA_LEASE_SECONDS": str(LEASE_SECONDS),
        "AYLA_REAP_SECONDS": "0.2",
        "AYLA_HEARTBEAT_SECONDS": "0.2",
        "AYLA_MAX_ATTEMPTS": "100",
        **{f"AYLA_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = forks.start("ayla_worker", environment=environment, output=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


def freeze(process: Fork, store: Path) -> None:
    """Stop a worker between two writes: frozen inside one it would hold SQLite's only write lock."""
    while True:
        process.send_signal(signal.SIGSTOP)
        try:
            with contextlib.closing(sqlite3.connect(store, timeout=0.2, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        else:
            return


def chunks(database: Database) -> int:
    """How many chunks of trajectories the store holds."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(ChunkRow)) or 0
