"""Lost work is returned to the queue by whoever serves the API: no worker has to run."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper_thread import THREAD_NAME
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from structlog.typing import EventDict

from tests.factories import WORKER, submit
from tests.http.helpers import BASE_URL, with_shared_routes
from tests.processes.command import SERVICE, clean_environment
from tests.waiting import PATIENCE_SECONDS, wait_until


@pytest.fixture
def lost(database: Database) -> str:
    """A job whose only shard was taken by a worker that is silent, its lease expired."""
    job = submit(database)
    assert claim(database, WORKER, 0.0) is not None
    assert claim(database, WORKER, 0.0) is None
    return job.id


@contextmanager
def served(database: Database, folder: Path, reap_seconds: float) -> Iterator[None]:
    with TestClient(
        with_shared_routes(create_app(Settings(data_dir=folder, reap_seconds=reap_seconds), database)), BASE_URL
    ):
        yield


def wait_for_its_return(database: Database, job_id: str) -> None:
    def again() -> bool:
        claimed = claim(database, WORKER, 30.0)
        return claimed is not None and (claimed.job_id, claimed.attempt) == (job_id, 2)

    wait_until(again, "the return of an expired lease")


def is_reaping() -> bool:
    return any(thread.name == THREAD_NAME for thread in threading.enumerate())


def test_an_expired_lease_is_returned_while_no_worker_runs(
    lost: str, database: Database, tmp_path: Path, events: list[EventDict]
) -> None:
    with served(database, tmp_path, reap_seconds=0.01):
        wait_for_its_return(database, lost)
    told = [event for event in events if event["event"] == "leases expired"]
    assert [event["shards"] for event in told] == [1]


def test_a_real_server_reaps(lost: str, database: Database, tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, AYLA_REAP_SECONDS="0.01")
    with subprocess.Popen(
        [*SERVICE, "api", "--port", "0"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for_its_return(database, lost)
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def test_a_store_that_fails_for_a_while_is_survived(
    lost: str, database: Database, tmp_path: Path, events: list[EventDict]
) -> None:
    rename(database, "shards", "gone")
    with served(database, tmp_path, reap_seconds=0.01):
        wait_until(lambda: events, "a failure that is told")
        assert events[0]["error"] == "OperationalError"
        rename(database, "gone", "shards")
        wait_for_its_return(database, lost)


def test_it_runs_only_while_the_application_is_served_and_ends_at_once(database: Database, tmp_path: Path) -> None:
    with served(database, tmp_path, reap_seconds=3600.0):
        assert is_reaping()
    assert not is_reaping()
    create_app(Settings(data_dir=tmp_path), database)
    assert not is_reaping()


def rename(database: Database, table: str, name: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
