"""The workers over HTTP: which there are and what they run."""

from datetime import timedelta

import pytest
from ayla_service.db.models import WorkerRow
from ayla_service.db.session import Database
from ayla_service.queue.claims import claim
from ayla_service.queue.workers import WorkerFacts, register, sign_off
from fastapi.testclient import TestClient

from tests.factories import WORKER
from tests.http.helpers import pointers, problem_of


def registered(database: Database, name: str) -> None:
    register(database, WorkerFacts(name, "here", 7, "a processor", ("auto", "cpu"), 2**33, {"torch": "none"}))


def test_without_workers_the_list_is_empty(client: TestClient) -> None:
    assert client.get("/v1/workers").json() == {"data": [], "next_cursor": None}


def test_a_worker_tells_what_it_is(client: TestClient, database: Database) -> None:
    registered(database, "here:7")
    (worker,) = client.get("/v1/workers").json()["data"]
    assert worker["started_at"] == worker["heartbeat_at"]
    del worker["started_at"], worker["heartbeat_at"]
    assert worker == {
        "name": "here:7",
        "state": "idle",
        "host": "here",
        "pid": 7,
        "device": "a processor",
        "devices": ["auto", "cpu"],
        "memory_bytes": 2**33,
        "environment": {"torch": "none"},
        "stopped_at": None,
        "attempts": [],
    }


def test_a_busy_worker_tells_what_it_runs(client: TestClient, database: Database, job_id: str) -> None:
    registered(database, WORKER.name)
    found = claim(database, WORKER, 30)
    assert found is not None
    (worker,) = client.get("/v1/workers").json()["data"]
    assert worker["state"] == "busy"
    (running,) = worker["attempts"]
    (attempt,) = client.get(f"/v1/jobs/{job_id}/attempts").json()["data"]
    assert running == {
        "job_id": job_id,
        "shard_id": attempt["shard_id"],
        "number": attempt["number"],
        "since": attempt["started_at"],
    }


def test_workers_that_are_gone_say_how_in_the_order_of_their_start(client: TestClient, database: Database) -> None:
    for name in ("stopped", "lost", "idle"):
        registered(database, name)
    sign_off(database, "stopped")
    with database.write() as session:
        session.get_one(WorkerRow, "lost").heartbeat_at -= timedelta(hours=1)
    states = {worker["name"]: worker["state"] for worker in client.get("/v1/workers").json()["data"]}
    assert list(states.items()) == [("stopped", "stopped"), ("lost", "lost"), ("idle", "idle")]


@pytest.mark.parametrize("query", ["state=idle", "limit=5"])
def test_the_list_has_no_parameters(client: TestClient, query: str) -> None:
    problem = problem_of(client.get(f"/v1/workers?{query}"), 422, "invalid-request")
    assert pointers(problem) == [f"/{query.partition('=')[0]}"]
