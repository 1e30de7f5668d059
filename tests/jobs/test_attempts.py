"""The attempts at a job over HTTP: all of them, in either order, with their errors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ayla_service import cursors
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.attempts import fail
from ayla_service.queue.claims import claim
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.states import AttemptOutcome
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.factories import WORKER, spec
from tests.http.helpers import pointers, problem_of

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def attempts_of(client: TestClient, job_id: str, **params: Any) -> list[dict[str, Any]]:
    attempts: list[dict[str, Any]] = client.get(f"/v1/jobs/{job_id}/attempts", params=params).json()["data"]
    return attempts


def add_attempts(database: Database, job_id: str, numbers: int) -> list[tuple[int, int]]:
    """Attempts at every shard of a job, all those of one number at the same moment; (shard, number) oldest first."""
    with database.write() as session:
        shards = session.scalars(select(ShardRow).where(ShardRow.job_id == job_id).order_by(ShardRow.index)).all()
        for number in range(1, numbers + 1):
            time = START + timedelta(seconds=number)
            for shard in shards:
                session.add(
                    AttemptRow(
                        shard_id=shard.id,
                        number=number,
                        worker="here:1",
                        outcome=AttemptOutcome.LOST,
                        environment={},
                        started_at=time,
                        heartbeat_at=time,
                        ended_at=time,
                    )
                )
        return [(shard.index, number) for number in range(1, numbers + 1) for shard in shards]


def test_a_job_that_waits_has_no_attempts(client: TestClient, job_id: str) -> None:
    assert client.get(f"/v1/jobs/{job_id}/attempts").json() == {"data": [], "next_cursor": None}


def test_an_attempt_tells_who_ran_what_and_since_when(client: TestClient, database: Database, job_id: str) -> None:
    found = claim(database, WORKER, 30)
    assert found is not None
    (attempt,) = attempts_of(client, job_id)
    assert attempt["started_at"].endswith("Z")
    assert attempt | {"started_at": None, "heartbeat_at": None} == {
        "shard_id": found.shard_id,
        "shard_index": 0,
        "number": 1,
        "worker": WORKER.name,
        "outcome": "running",
        "device": None,
        "first_step": 0,
        "started_at": None,
        "heartbeat_at": None,
        "ended_at": None,
        "error": None,
        "environment": dict(WORKER.environment),
    }


@pytest.mark.parametrize("error_type", ErrorType)
def test_the_error_of_a_failed_attempt_is_told_in_full(
    client: TestClient, database: Database, job_id: str, error_type: ErrorType
) -> None:
    found = claim(database, WORKER, 30)
    assert found is not None
    fail(database, found, error_type, "First line.\nSecond line.", RetryPolicy(max_attempts=3, pause_seconds=60))
    (attempt,) = attempts_of(client, job_id)
    assert (attempt["outcome"], attempt["ended_at"] is None) == ("failed", False)
    assert attempt["error"] == {"type": error_type.value, "detail": "First line.\nSecond line."}
    assert client.get(f"/v1/jobs/{job_id}").json()["attempts"] == {"total": 1, "failed": 1, "lost": 0}


def test_an_error_whose_kind_was_not_kept_is_unexpected(client: TestClient, database: Database, job_id: str) -> None:
    add_attempts(database, job_id, 1)
    with database.write() as session:
        session.scalars(select(AttemptRow)).one().error = "Worker here:1 stopped answering."
    error = attempts_of(client, job_id)[0]["error"]
    assert error == {"type": "unexpected-error", "detail": "Worker here:1 stopped answering."}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("sort", ["started_at", "-started_at"])
@pytest.mark.usefixtures("small_shards")
def test_pages_hold_every_attempt_once_in_either_order(
    client: TestClient, database: Database, limit: int, sort: str
) -> None:
    job_id = client.post("/v1/jobs", json=spec(seeds=list(range(300)))).json()["id"]
    client.post("/v1/jobs", json=spec())
    made = add_attempts(database, job_id, 3)
    assert len(made) >= 6
    seen, cursor = [], None
    while True:
        params: dict[str, Any] = {"limit": limit, "sort": sort} | ({"cursor": cursor} if cursor else {})
        answer = client.get(f"/v1/jobs/{job_id}/attempts", params=params)
        seen += [(attempt["shard_index"], attempt["number"]) for attempt in answer.json()["data"]]
        cursor = answer.json()["next_cursor"]
        assert ("link" in answer.headers) == (cursor is not None)
        if cursor is None:
            break
    assert seen == (made[::-1] if sort.startswith("-") else made)
    counts = client.get(f"/v1/jobs/{job_id}").json()["attempts"]
    assert counts == {"total": len(made), "failed": 0, "lost": len(made)}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "cursor=nonsense",
        "cursor=WzFd",
        f"cursor={cursors.encode('started_at', 'not a time', 0, 1)}",
        f"cursor={cursors.encode('started_at', '2026-01-02T03:04:05', 0, 1)}",
        f"cursor={cursors.encode('started_at', '2026-01-02T03:04:05+00:00', -1, 1)}",
        f"cursor={cursors.encode('started_at', '2026-01-02T03:04:05+00:00', 0, 10**23)}",
        f"cursor={cursors.encode('-started_at', '2026-01-02T03:04:05+00:00', 0, 1)}",
        "sort=number",
        "outcome=lost",
    ],
)
def test_a_wrong_query_of_attempts_is_refused(client: TestClient, job_id: str, query: str) -> None:
    problem = problem_of(client.get(f"/v1/jobs/{job_id}/attempts?{query}"), 422, "invalid-request")
    assert pointers(problem) == [f"/{query.partition('=')[0]}"]


@pytest.mark.parametrize("unknown", ["nope", "00000000-0000-4000-8000-000000000000", "%00"])
def test_attempts_at_an_unknown_job_are_not_found(client: TestClient, unknown: str) -> None:
    problem_of(client.get(f"/v1/jobs/{unknown}/attempts"), 404, "job-not-found")
