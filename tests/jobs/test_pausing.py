"""Pausing, resuming and prioritising jobs over HTTP, and what a job says it waits for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.attempts import fail
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.states import JobState
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event, select

from tests.factories import WORKER, spec
from tests.http.helpers import pointers, problem_of

ANY = {"If-Match": "*"}
PATIENT = RetryPolicy(max_attempts=3, pause_seconds=60)

CHANGES: dict[str, Callable[[TestClient, str], Response]] = {
    "pause": lambda client, job_id: client.post(f"/v1/jobs/{job_id}/pause"),
    "resume": lambda client, job_id: client.post(f"/v1/jobs/{job_id}/resume"),
    "priority": lambda client, job_id: client.patch(f"/v1/jobs/{job_id}", json={"priority": "high"}, headers=ANY),
}


def job_of(client: TestClient, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
    return job


def claimed(database: Database) -> Claim:
    found = claim(database, WORKER, 30)
    assert found is not None
    return found


def end(database: Database, job_id: str, state: JobState) -> None:
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = state, job.created_at


def test_priority_and_limits_come_with_the_job(client: TestClient) -> None:
    limits = {"seconds": 60.0, "memory_mb": 512}
    job = client.post("/v1/jobs", json=spec(priority="urgent", limits=limits)).json()
    assert job["priority"] == "urgent"
    assert job["resolved"]["limits"] == limits
    assert "priority" not in job["resolved"]
    assert job["attempts"] == {"total": 0, "failed": 0, "lost": 0}
    assert client.get("/v1/jobs").json()["data"][0]["priority"] == "urgent"


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("priority", "highest", "/priority"),
        ("priority", -10, "/priority"),
        ("limits", {"seconds": 0}, "/limits/seconds"),
        ("limits", {"memory_mb": 1.5}, "/limits/memory_mb"),
        ("limits", {"minutes": 1}, "/limits/minutes"),
    ],
)
def test_a_wrong_priority_or_limit_is_refused_with_its_place(
    client: TestClient, field: str, value: object, pointer: str
) -> None:
    problem = problem_of(client.post("/v1/jobs", json=spec(**{field: value})), 422, "invalid-request")
    assert pointers(problem) == [pointer]


def test_a_job_gets_another_priority(client: TestClient, job_id: str) -> None:
    assert job_of(client, job_id)["priority"] == "normal"
    for priority in ("low", "high", "high"):
        answer = client.patch(f"/v1/jobs/{job_id}", json={"priority": priority}, headers=ANY)
        assert (answer.status_code, answer.json()["priority"]) == (200, priority)
    assert answer.json() == job_of(client, job_id)


def test_a_job_of_higher_priority_is_claimed_first(client: TestClient, database: Database, job_id: str) -> None:
    later = client.post("/v1/jobs", json=spec()).json()["id"]
    CHANGES["priority"](client, later)
    assert [claimed(database).job_id for _ in range(2)] == [later, job_id]


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"priority": "highest"}, "/priority", "Must be 'low', 'normal', 'high' or 'urgent'; got 'highest'."),
        ({"priority": 5}, "/priority", "got 5"),
        ({"priority": None}, "/priority", "Must be 'low'"),
        ({"priority": "low", "priorty": 1}, "/priorty", "Did you mean 'priority'? Allowed here: name, project, tags"),
        ({"priority": "low", "owner": "me"}, "/owner", "Unknown field 'owner'."),
        ([], "", "Must be an object"),
    ],
)
def test_a_wrong_change_is_refused_with_its_place(
    client: TestClient, job_id: str, body: object, pointer: str, said: str
) -> None:
    problem = problem_of(client.patch(f"/v1/jobs/{job_id}", json=body, headers=ANY), 422, "invalid-request")
    assert pointers(problem) == [pointer]
    assert said in problem["errors"][0]["detail"]
    assert job_of(client, job_id)["priority"] == "normal"


def test_a_change_has_to_be_json(client: TestClient, job_id: str) -> None:
    url, form = f"/v1/jobs/{job_id}", {"Content-Type": "application/x-www-form-urlencoded"}
    problem_of(client.patch(url, content=b"priority=low", headers=form), 415, "unsupported-media-type")
    problem_of(client.patch(url, content=b"{", headers={"Content-Type": "application/json"}), 400, "malformed-body")


def test_a_page_of_another_site_changes_nothing(client: TestClient, job_id: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.patch(f"/v1/jobs/{job_id}", json={"priority": "low"}, headers=headers)
    problem_of(answer, 403, "cross-site-request")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_has_ended_stays_as_it_is(
    client: TestClient, database: Database, job_id: str, change: Callable[[TestClient, str], Response], state: JobState
) -> None:
    end(database, job_id, state)
    before = job_of(client, job_id)
    problem = problem_of(change(client, job_id), 409, "job-finished")
    assert f"ended as {state}" in problem["detail"]
    assert job_of(client, job_id) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("unknown", ["nope", "00000000-0000-4000-8000-000000000000", "%00"])
def test_a_job_that_is_not_there_cannot_be_changed(
    client: TestClient, change: Callable[[TestClient, str], Response], unknown: str
) -> None:
    problem_of(change(client, unknown), 404, "job-not-found")


def test_pausing_and_resuming_can_be_repeated(client: TestClient, database: Database, job_id: str) -> None:
    first, again = (client.post(f"/v1/jobs/{job_id}/pause") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["paused_at"] is None) == ("queued", False)
    assert first.json()["status_detail"] == "Paused. Resuming puts it back into the queue."
    assert claim(database, WORKER, 30) is None
    for _ in range(2):
        answer = client.post(f"/v1/jobs/{job_id}/resume")
        assert (answer.status_code, answer.json()["paused_at"]) == (202, None)
    assert answer.json()["status_detail"] == "Waiting for a free worker."
    assert claimed(database).job_id == job_id


def test_a_paused_job_can_be_cancelled(client: TestClient, job_id: str) -> None:
    client.post(f"/v1/jobs/{job_id}/pause")
    job = client.post(f"/v1/jobs/{job_id}/cancel").json()
    assert (job["state"], job["paused_at"], job["status_detail"]) == ("cancelled", None, None)


def test_a_job_that_still_runs_says_that_it_is_pausing(client: TestClient, database: Database, job_id: str) -> None:
    claimed(database)
    assert job_of(client, job_id)["status_detail"] is None
    detail = client.post(f"/v1/jobs/{job_id}/pause").json()["status_detail"]
    assert detail.startswith("Pausing: ")
    assert detail.endswith("Resuming puts it back into the queue.")


def test_a_job_says_until_when_it_waits_after_a_failure(client: TestClient, database: Database, job_id: str) -> None:
    fail(database, claimed(database), ErrorType.OUT_OF_MEMORY, "No memory is left.\nTraceback", PATIENT)
    with database.read() as session:
        available_at = session.scalars(select(ShardRow.available_at)).one()
    detail = job_of(client, job_id)["status_detail"]
    until = f"{available_at:%Y-%m-%d %H:%M:%S} UTC"
    assert detail == f"Waits until {until} for its next attempt; the last one failed: No memory is left."


@pytest.mark.usefixtures("small_shards")
def test_the_first_of_several_delays_counts(client: TestClient, database: Database) -> None:
    job_id = client.post("/v1/jobs", json=spec(seeds=list(range(300)))).json()["id"]
    first, second, _running = (claimed(database) for _ in range(3))
    fail(database, first, ErrorType.UNEXPECTED, "x" * 1000, PATIENT)
    fail(database, second, ErrorType.UNEXPECTED, "The second.", RetryPolicy(max_attempts=3, pause_seconds=30))
    detail = job_of(client, job_id)["status_detail"]
    assert detail.startswith("A part of the job waits until ")
    assert detail.endswith("the last one failed: The second.")


def test_a_delay_that_is_over_waits_for_a_worker(client: TestClient, database: Database, job_id: str) -> None:
    fail(database, claimed(database), ErrorType.UNEXPECTED, "x" * 1000, PATIENT)
    assert len(job_of(client, job_id)["status_detail"]) < 400
    with database.write() as session:
        shard = session.scalars(select(ShardRow)).one()
        shard.available_at = shard.queued_at - timedelta(seconds=1)
    job = job_of(client, job_id)
    assert (job["state"], job["status_detail"]) == ("running", "Waiting for a free worker.")


def test_a_job_that_has_failed_waits_for_nothing(client: TestClient, database: Database, job_id: str) -> None:
    detail = "The file of the dataset is gone."
    fail(database, claimed(database), ErrorType.DATASET_UNUSABLE, detail, PATIENT)
    job = job_of(client, job_id)
    assert (job["state"], job["status_detail"]) == ("failed", None)
    assert job["error"] == {"type": "dataset-unusable", "detail": detail}


def test_a_page_of_jobs_takes_as_many_queries_as_one_job(client: TestClient, database: Database, job_id: str) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: statements.append(sql))

    def queries() -> int:
        statements.clear()
        assert client.get("/v1/jobs").status_code == 200
        # Whether there are keys is asked now and then only.
        return sum(not sql.startswith("BEGIN") and "api_keys" not in sql for sql in statements)

    fail(database, claimed(database), ErrorType.UNEXPECTED, "Broken.", PATIENT)
    for_one = queries()
    for _ in range(5):
        client.post("/v1/jobs", json=spec())
        fail(database, claimed(database), ErrorType.UNEXPECTED, "Broken.", PATIENT)
    assert queries() == for_one
    assert [job["attempts"]["failed"] for job in client.get("/v1/jobs").json()["data"]] == [1] * 6
