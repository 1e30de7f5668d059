"""``GET /readyz`` says what is wrong and what to do; what only slows the service down is told without an error."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.health import readiness
from ayla_service.queue.workers import register, sign_off
from ayla_service.settings import Settings
from ayla_worker.names import facts_while_preparing
from fastapi.testclient import TestClient

from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.queue.test_workers import facts
from tests.servers.process import free_port
from tests.servers.redis import RedisServer


class Usage(NamedTuple):
    """As ``shutil.disk_usage`` has it."""

    total: int
    used: int
    free: int


@pytest.fixture
def alive(database: Database) -> None:
    """A worker that lives."""
    register(database, facts())


@pytest.fixture
def free_space(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes are free on the disk."""

    def leave(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))

    return leave


def test_with_everything_there_the_service_is_ready(client: TestClient, alive: None) -> None:
    ready = {"store": "ok", "schema": "ok", "workers": "ok", "disk": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "checks": ready}


def test_without_a_living_worker_the_service_takes_jobs(client: TestClient, database: Database, alive: None) -> None:
    sign_off(database, facts().name)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "ayla-service worker" in answer.json()["checks"]["workers"]


def test_a_worker_that_prepares_is_told_and_not_missed(client: TestClient, database: Database) -> None:
    register(database, facts_while_preparing("here:1:abcdef"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["workers"].startswith("being prepared")
    [worker] = client.get("/v1/workers").json()["data"]
    assert (worker["state"], worker["devices"]) == ("preparing", [])
    register(database, facts())
    assert client.get("/readyz").json()["checks"]["workers"] == "ok"


def test_a_full_disk_is_a_fault(client: TestClient, alive: None, free_space: Callable[[int], None]) -> None:
    free_space(42_000_000)
    detail = problem_of(client.get("/readyz"), 503, "not-ready")["detail"]
    assert detail == "disk: Only 42 MB are free where the store is, less than 100 MB; make room there."
    free_space(100_000_000)
    assert client.get("/readyz").json()["status"] == "ready"


def test_every_fault_is_named(client: TestClient, database: Database, free_space: Callable[[int], None]) -> None:
    free_space(0)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    detail = problem_of(client.get("/readyz"), 503, "not-ready")["detail"]
    assert "schema: " in detail
    assert "ayla-service migrate" in detail
    assert "disk: " in detail
    assert "store: " not in detail


def test_a_store_that_hangs_is_one_that_does_not_answer(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(readiness, "_STORE_SECONDS", 0.05)
    monkeypatch.setattr(database, "ping", lambda: over.wait(60))
    client = TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL)
    assert "does not answer" in problem_of(client.get("/readyz"), 503, "not-ready")["detail"]
    over.set()


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Callable[[str], TestClient]:
    """Makes a client of the application with a broker."""

    def serve(broker_url: str) -> TestClient:
        return TestClient(
            with_shared_routes(create_app(Settings(data_dir=tmp_path, broker_url=broker_url), database)), BASE_URL
        )

    return serve


def test_a_broker_that_is_away_is_told(served: Callable[[str], TestClient], alive: None) -> None:
    port = free_port()
    answer = served(f"redis://:hush@127.0.0.1:{port}/0").get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["broker"] == f"does not answer at 127.0.0.1:{port}; workers look by their timer"


def test_a_broker_that_answers_is_fine(served: Callable[[str], TestClient], alive: None) -> None:
    with RedisServer.own() as server:
        answer = served(server.url).get("/readyz").json()
    assert (answer["status"], answer["checks"]["broker"]) == ("ready", "ok")
