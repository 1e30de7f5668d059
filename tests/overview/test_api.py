"""The routes of the queue that all share."""

from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.overview.service import QueueOverview
from ayla_service.queue.claims import claim
from ayla_service.queue.fair_queue import FAIR
from ayla_service.queue.workers import register
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.factories import WORKER, colleague, jobs, spec, stranger, submit_as
from tests.http.helpers import pointers, problem_of
from tests.queue.test_workers import facts


@pytest.fixture(autouse=True)
def _looks_each_time(app: FastAPI, database: Database) -> None:
    app.state.overview = QueueOverview(database, 5.0, FAIR, cache_seconds=0.0)


def queue(client: TestClient) -> dict[str, Any]:
    response = client.get("/v1/queue")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_the_queue_tells_what_runs_and_waits(client: TestClient, database: Database) -> None:
    register(database, facts())
    running = client.post("/v1/jobs", json=spec(name="first")).json()["id"]
    assert claim(database, WORKER, 30) is not None
    waiting = client.post("/v1/jobs", json=spec(name="second", priority="high")).json()["id"]
    submit_as(database, stranger(database))
    found = queue(client)
    assert (found["paused_at"], found["draining_at"]) == (None, None)
    assert [(one["job_id"], one["job_name"], one["owner"]) for one in found["running"]] == [(running, "first", "local")]
    assert found["waiting"] == [{"priority": "high", "owner": "local", "shards": 1, "is_more": False}]
    [following] = found["next"]
    assert (following["job_id"], following["name"], following["position"]) == (waiting, "second", 1)
    assert following["estimated_start"] < following["estimated_finish"]
    for what in ("start", "finish"):
        assert following[f"earliest_{what}"] <= following[f"estimated_{what}"] <= following[f"latest_{what}"]
    assert found["shares"][0]["owner"] == "local"
    assert found["shares"][0]["share"] == 1.0
    assert found["team"]["share"] == 0.5
    assert found["half_life_seconds"] == 3600.0
    assert found["basis"]["workers"] == 1


def test_others_are_told_as_a_number_only(client: TestClient, database: Database) -> None:
    register(database, facts(WORKER.name))
    rival = stranger(database, "secretive")
    theirs = submit_as(database, rival, name="secret plan")
    assert claim(database, WORKER, 30) is not None
    submit_as(database, rival, name="another secret")
    found = client.get("/v1/queue")
    assert found.json()["workers"] == {"idle": 0, "busy": 0, "busy_for_others": 1}
    assert "secret" not in found.text
    assert theirs.id not in found.text


def test_a_job_tells_its_position(client: TestClient, database: Database, job_id: str) -> None:
    register(database, facts())
    found = client.get(f"/v1/jobs/{job_id}/queue-position").json()
    assert (found["job_id"], found["state"], found["position"], found["shards"]) == (job_id, "queued", 1, 1)
    assert found["earliest_start"] <= found["estimated_start"] <= found["latest_start"]
    assert found["reason"] is None
    assert "1 worker;" in found["basis"]["text"]


def test_without_workers_the_reason_is_told(client: TestClient, job_id: str) -> None:
    found = client.get(f"/v1/jobs/{job_id}/queue-position").json()
    assert (found["position"], found["estimated_start"]) == (None, None)
    assert found["reason"] == "No worker that lives serves the device 'auto'."


def test_only_jobs_of_the_team_have_a_position(client: TestClient, database: Database) -> None:
    theirs = submit_as(database, stranger(database)).id
    for unknown in (theirs, "nothing"):
        problem_of(client.get(f"/v1/jobs/{unknown}/queue-position"), 404, "job-not-found")
        problem_of(client.post(f"/v1/jobs/{unknown}/move", json={"to": "front"}), 404, "job-not-found")


def test_a_paused_queue_starts_nothing_until_it_is_resumed(client: TestClient, database: Database, job_id: str) -> None:
    paused = client.post("/v1/queue/pause")
    assert paused.status_code == 200
    assert paused.json()["paused_at"] is not None
    assert queue(client)["paused_at"] == paused.json()["paused_at"]
    assert queue(client)["next"][0]["reason"] == "The team's queue is paused."
    assert claim(database, WORKER, 30) is None
    assert client.post("/v1/queue/resume").json() == {"paused_at": None, "draining_at": None}
    assert claim(database, WORKER, 30) is not None


def test_a_draining_queue_takes_nothing_until_it_is_resumed(client: TestClient, job_id: str) -> None:
    assert client.post("/v1/queue/drain").json()["draining_at"] is not None
    problem_of(client.post("/v1/jobs", json=spec()), 409, "queue-draining")
    client.post("/v1/queue/resume")
    assert client.post("/v1/jobs", json=spec()).status_code == 202


def test_resuming_wakes_workers(client: TestClient, app: FastAPI, job_id: str) -> None:
    reminded: list[dict[str, int]] = []

    class Bell:
        def remind(self, waiting: dict[str, int]) -> None:
            reminded.append(waiting)

    app.state.jobs.wake_up = Bell()
    client.post("/v1/queue/pause")
    client.post("/v1/queue/resume")
    assert reminded == [{"auto": 1}]


def test_a_switch_repeated_under_its_key_is_answered_again(client: TestClient) -> None:
    headers = {"Idempotency-Key": "pause once"}
    first = client.post("/v1/queue/pause", headers=headers)
    client.post("/v1/queue/resume")
    again = client.post("/v1/queue/pause", headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert queue(client)["paused_at"] is None


def test_a_job_is_moved_to_the_front_and_before_another(client: TestClient) -> None:
    first, second, third = (client.post("/v1/jobs", json=spec()).json()["id"] for _ in range(3))
    moved = client.post(f"/v1/jobs/{third}/move", json={"to": "front"})
    assert moved.status_code == 202
    assert moved.json()["version"] == 2
    assert moved.headers["etag"]
    assert [one["job_id"] for one in queue(client)["next"]] == [third, first, second]
    assert client.post(f"/v1/jobs/{second}/move", json={"before": first}).status_code == 202
    assert [one["job_id"] for one in queue(client)["next"]] == [third, second, first]


def test_a_job_that_has_ended_is_not_moved(client: TestClient, job_id: str) -> None:
    client.post(f"/v1/jobs/{job_id}/cancel")
    problem_of(client.post(f"/v1/jobs/{job_id}/move", json={"to": "front"}), 409, "job-finished")


def test_a_job_is_not_moved_before_that_of_somebody_else(client: TestClient, database: Database, job_id: str) -> None:
    theirs = submit_as(database, colleague(database)).id
    found = problem_of(client.post(f"/v1/jobs/{job_id}/move", json={"before": theirs}), 409, "move-impossible")
    assert "another member's" in found["detail"]
    assert jobs(database).get(job_id).version == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"to": "front", "before": "x"}, ""),
        ({"to": "back"}, "/to"),
        ({"before": 3}, "/before"),
        ({"before": "x" * 65}, "/before"),
        ({"behind": "x"}, "/behind"),
    ],
)
def test_where_to_is_checked(client: TestClient, job_id: str, body: dict[str, Any], pointer: str) -> None:
    found = client.post(f"/v1/jobs/{job_id}/move", json=body)
    assert found.status_code == 422, found.text
    assert pointers(found.json()) == [pointer]
