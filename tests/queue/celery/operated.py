"""Celery's own command line, as operators of Celery use it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ayla_service.db.models import AttemptRow, ShardRow, WorkerRow
from ayla_service.db.session import Database
from ayla_service.queue.celery.app import make_app
from sqlalchemy import select

from tests.servers import forks
from tests.servers.forks import Fork
from tests.system.processes import computing
from tests.waiting import PATIENCE_SECONDS, wait_until

_APP = ("--app", "ayla_worker.celery")


def environment(database: Database, broker_url: str, **settings: object) -> dict[str, str]:
    """Variables of Celery's commands."""
    return {
        **os.environ,
        "AYLA_DATABASE_URL": database.url,
        "AYLA_BROKER_URL": broker_url,
        "AYLA_TORCH_THREADS": "1",
        "AYLA_HEARTBEAT_SECONDS": "0.2",
        "AYLA_CHECKPOINT_SECONDS": "1",
        **{f"AYLA_{name.upper()}": str(value) for name, value in settings.items()},
    }


@contextmanager
def celery_worker(database: Database, log: Path, broker_url: str, *options: str, **settings: object) -> Iterator[Fork]:
    """``celery --app ayla_worker.celery worker OPTIONS``; killed at the end if it still runs."""
    variables = environment(database, broker_url, **settings)
    process = forks.start("celery", [*_APP, "worker", *options], environment=variables, output=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def celery(database: Database, broker_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``celery --app ayla_worker.celery ARGUMENTS``, to its end."""
    command = [sys.executable, "-m", "celery", *_APP, *arguments]
    variables = environment(database, broker_url)
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)


def child_of(process: Fork) -> int:
    """The process that computes, once there is one."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = computing(process.pid)
        return len(found) == 1

    wait_until(is_there, "a child")
    return found[0]


def prepared(database: Database, count: int = 1) -> None:
    """Wait until so many workers have been prepared."""
    wait_until(lambda: len(_prepared(database)) >= count, "workers that are prepared")


def steps(database: Database) -> list[int]:
    """First step of each attempt, in order."""
    with database.read() as session:
        return list(session.scalars(select(AttemptRow.first_step).order_by(AttemptRow.number)))


def failures(database: Database) -> int:
    """Failed attempts in a row, of all shards."""
    with database.read() as session:
        return sum(session.scalars(select(ShardRow.failures)))


@contextmanager
def heard(broker_url: str) -> Iterator[list[dict[str, Any]]]:
    """The events of all tasks, as a monitor hears them."""
    events: list[dict[str, Any]] = []
    app, stop = make_app(broker_url), threading.Event()

    def listen() -> None:
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": events.append})
            while not stop.is_set():
                try:
                    receiver.capture(limit=None, timeout=0.5, wakeup=False)
                except TimeoutError:
                    continue

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield events
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)


def ends(process: Fork, number: signal.Signals) -> int:
    """Exit status after a signal."""
    process.send_signal(number)
    return process.wait(PATIENCE_SECONDS)


def _prepared(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.execute(select(WorkerRow.name, WorkerRow.devices).where(WorkerRow.stopped_at.is_(None)))
        return [name for name, devices in rows if devices]
