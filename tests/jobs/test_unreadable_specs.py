"""Jobs whose spec another version of the service wrote, and this one cannot read."""

from typing import Any

import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from fastapi.testclient import TestClient

from tests.factories import spec
from tests.http.helpers import problem_of
from tests.streams.stream_polls import StreamPolls

CHANGES: list[dict[str, Any]] = [
    {"problem": {"type": "simulator"}},
    {"record": {"every": 0}},
    {"optimizers": [{"name": "newer", "label": "newer"}, {"name": "newest", "label": "newest"}]},
    {"budget": {}},
    {"record": {"every": "often"}},
    {"optimizers": "many"},
    {"seeds": None},
    {"search": {"design": "oracle"}},
]


@pytest.fixture(params=range(len(CHANGES)))
def unreadable(request: pytest.FixtureRequest, database: Database, job_id: str) -> str:
    """A job of two trials whose stored spec has been changed."""
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.resolved_spec = job.resolved_spec | CHANGES[request.param]
    return job_id


def test_the_job_is_shown_as_it_is_stored_and_can_be_cancelled(
    client: TestClient, database: Database, unreadable: str
) -> None:
    with database.read() as session:
        stored = session.get_one(JobRow, unreadable).resolved_spec
    answer = client.get(f"/v1/jobs/{unreadable}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["resolved"] == stored
    assert [job["id"] for job in client.get("/v1/jobs").json()["data"]] == [unreadable]
    assert client.post(f"/v1/jobs/{unreadable}/cancel").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/{job}/trials",
        "/v1/jobs/{job}/trials?sort=best_loss",
        "/v1/jobs/{job}/summary",
        "/v1/jobs/{job}/trajectories",
        "/v1/jobs/{job}/comparison",
        "/v1/trials/{job}-0",
        "/v1/trials/{job}-0/trajectory",
        "/v1/trials/{job}-0/metrics",
        "/v1/trials/{job}-0/predictions",
    ],
)
def test_results_are_answered_or_said_to_be_unreadable(client: TestClient, unreadable: str, path: str) -> None:
    answer = client.get(path.format(job=unreadable))
    if answer.status_code != 200:
        assert unreadable in problem_of(answer, 409, "spec-unreadable")["detail"]


def test_streams_of_other_jobs_go_on(client: TestClient, database: Database, unreadable: str) -> None:
    other = client.post("/v1/jobs", json=spec()).json()["id"]
    polls = StreamPolls(database)
    first, second = polls.open(unreadable, other)
    assert {first.data["job"]["id"], second.data["job"]["id"]} == {unreadable, other}
    client.post(f"/v1/jobs/{other}/cancel")
    assert polls.poll(jobs={unreadable, other}).jobs.keys() == {other}
