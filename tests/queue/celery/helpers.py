"""Jobs, workers and queues that the broker's tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ayla_service.db.models import AttemptRow
from ayla_service.db.session import Database
from ayla_service.jobs.schemas import JobDetail
from ayla_service.queue.celery.publisher import CeleryWakeUp
from ayla_service.queue.wakeup import WakeUp
from ayla_service.states import JobState
from sqlalchemy import select

from tests.factories import jobs, spec
from tests.servers.redis import RedisServer
from tests.waiting import wait_until

PATIENT: dict[str, object] = {"lease_seconds": 600, "sweep_seconds": 600, "reap_seconds": 600}
"""A worker that nothing but a wake-up brings to look for work while a test lasts."""

LONG: dict[str, Any] = {
    "problem": {
        "type": "expression",
        "expression": "sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))/2",
        "start": {"x": [0.1 * place for place in range(1, 61)]},
    },
    "optimizers": [{"name": "adam", "learning_rate": 0.0001}],
    "budget": {"steps": 10_000_000},
    "seeds": list(range(32)),
    "record": {"every": 1_000_000},
}
"""Computes for longer than any test waits, and records little."""


def post(database: Database, wake_up: WakeUp, **changes: Any) -> JobDetail:
    """Submit a job as the API does."""
    return jobs(database, wake_up).submit(spec(**changes))


def wait_until_state(database: Database, job: JobDetail, state: JobState) -> None:
    wait_until(lambda: jobs(database).get(job.id).state == state)


def wait_for_end(database: Database, job: JobDetail) -> None:
    wait_until_state(database, job, JobState.SUCCEEDED)


def outcomes(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AttemptRow.outcome).order_by(AttemptRow.started_at, AttemptRow.number)))


def listening(log: Path, times: int = 1) -> None:
    """Wait until a worker has connected to its broker for the so-many-th time."""
    wait_until(lambda: log.exists() and log.read_text().count("listening for wake-ups") >= times)


def depth(server: RedisServer, device: str = "auto") -> int:
    with server.client() as client:
        return int(client.llen(f"ayla.{device}"))


@contextmanager
def publisher(url: str, outage_seconds: float = 0.2) -> Iterator[CeleryWakeUp]:
    wake_up = CeleryWakeUp(url, outage_seconds)
    try:
        yield wake_up
    finally:
        wake_up.close()
