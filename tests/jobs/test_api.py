"""Submitting, listing, reading and cancelling jobs over HTTP."""

import re
from typing import Any

import pytest
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.states import JobState, TrialState
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from tests.cases import each
from tests.factories import set_trials, spec
from tests.http.helpers import pointers, problem_of


def stored_jobs(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(JobRow)) or 0


def submit(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", json=spec(**changes))
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_a_submitted_job_is_queued_and_found_at_its_location(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=spec(name="saddle", tags=["paper"]))
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert "idempotent-replayed" not in answer.headers
    assert (job["state"], job["name"], job["tags"], job["preset"]) == ("queued", "saddle", ["paper"], None)
    assert (job["started_at"], job["finished_at"], job["cancel_requested_at"], job["error"]) == (None,) * 4
    assert job["trials"] == {"total": 2, "queued": 2} | dict.fromkeys(
        ("running", "completed", "diverged", "failed", "cancelled"), 0
    )
    assert job["progress"] == {"steps_done": 0, "steps_total": 20, "fraction": 0.0}
    assert client.get(answer.headers["location"]).json() == job


def test_times_are_utc_in_iso_8601(client: TestClient, job_id: str) -> None:
    created_at = client.get(f"/v1/jobs/{job_id}").json()["created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", created_at)


def test_the_spec_is_kept_as_submitted_beside_the_resolved_one(client: TestClient) -> None:
    job = submit(client)
    assert job["spec"] == spec()
    assert job["resolved"]["seeds"] == [0]
    assert job["resolved"]["optimizers"][1]["ayla"]["cap_weights"] is True
    assert job["resolved"]["record"] == {"every": 1, "predictions_at": [], "metrics_every": 1, "evaluate": None}


def test_a_body_is_json_whatever_its_json_media_type(client: TestClient) -> None:
    for media_type in ("application/json; charset=utf-8", "application/vnd.ayla+json", "APPLICATION/JSON"):
        answer = client.post("/v1/jobs", json=spec(), headers={"Content-Type": media_type})
        assert answer.status_code == 202, media_type


def test_a_repeated_key_finds_the_same_job(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "saddle-1"}
    first = client.post("/v1/jobs", json=spec(), headers=headers)
    again = client.post("/v1/jobs", json=spec(), headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert stored_jobs(database) == 1


def test_a_key_with_another_body_is_refused(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "saddle-1"}
    client.post("/v1/jobs", json=spec(), headers=headers)
    answer = client.post("/v1/jobs", json=spec(name="other"), headers=headers)
    assert "saddle-1" in problem_of(answer, 422, "idempotency-key-reused")["detail"]
    assert stored_jobs(database) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "ü".encode("latin-1")])
def test_a_key_that_is_not_printable_ascii_is_refused(client: TestClient, database: Database, key: str | bytes) -> None:
    raw = key if isinstance(key, bytes) else key.encode()
    answer = client.post("/v1/jobs", json=spec(), headers=[(b"Idempotency-Key", raw)])
    problem = problem_of(answer, 422, "invalid-request")
    assert problem["errors"][0]["in"] == "header"
    assert pointers(problem) == ["/Idempotency-Key"]
    assert stored_jobs(database) == 0


def test_pages_hold_every_job_once_newest_first(client: TestClient) -> None:
    ids = [submit(client)["id"] for _ in range(5)]
    seen: list[str] = []
    url = "/v1/jobs?limit=2"
    while url:
        answer = client.get(url)
        seen += [job["id"] for job in answer.json()["data"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        assert (answer.json()["next_cursor"] is None) == (link is None)
        url = link[1] if link else ""
    assert seen == ids[::-1]


def test_the_next_link_keeps_the_filters(client: TestClient) -> None:
    for _ in range(3):
        submit(client, tags=["a b&c"])
        submit(client)
    answer = client.get("/v1/jobs", params={"tag": "a b&c", "state": "queued", "limit": 2})
    following = client.get(re.fullmatch(r"<(.+)>; .*", answer.headers["link"])[1])  # type: ignore[index]
    assert [job["tags"] for job in following.json()["data"]] == [["a b&c"]]
    assert following.json()["next_cursor"] is None


def test_jobs_are_filtered_by_state_and_tag(client: TestClient) -> None:
    paper, other = submit(client, tags=["paper"]), submit(client, tags=["other"])
    client.post(f"/v1/jobs/{other['id']}/cancel")

    def found(**params: str) -> list[str]:
        return [job["id"] for job in client.get("/v1/jobs", params=params).json()["data"]]

    assert found(tag="paper") == [paper["id"]]
    assert found(state="cancelled") == [other["id"]]
    assert found(state="cancelled", tag="paper") == []


@each(
    ("query", "pointer", "said"),
    [
        ("state=done", "/state", "'queued', 'running', 'succeeded', 'failed' or 'cancelled'; got 'done'"),
        ("limit=0", "/limit", "at least 1; got '0'"),
        ("limit=201", "/limit", "at most 200; got '201'"),
        ("limit=many", "/limit", "whole number, such as 100; got 'many'"),
        ("limit=" + "9" * 5000, "/limit", "whole number"),
        ("cursor=nonsense", "/cursor", "next_cursor"),
        ("cursor=" + "c" * 501, "/cursor", "at most 500 characters; got 501"),
        ("tag=", "/tag", "printable text"),
        ("tag=a%00b", "/tag", "printable text"),
        ("tag=" + "t" * 51, "/tag", "at most 50 characters; got 51"),
        ("limt=5", "/limt", "Did you mean 'limit'? Allowed here: limit, cursor, state, paused, owner, tag,"),
    ],
)
def test_a_wrong_query_is_refused_by_name(client: TestClient, query: str, pointer: str, said: str) -> None:
    problem = problem_of(client.get(f"/v1/jobs?{query}"), 422, "invalid-request")
    assert [(error["in"], error["pointer"]) for error in problem["errors"]] == [("query", pointer)]
    assert said in problem["errors"][0]["detail"]


def test_a_resource_without_parameters_says_so(client: TestClient, job_id: str) -> None:
    problem = problem_of(client.get(f"/v1/jobs/{job_id}?verbose=1"), 422, "invalid-request")
    assert problem["errors"][0]["detail"] == "Unknown query parameter 'verbose'. This resource has none."


@each("unknown", ["nope", "00000000-0000-4000-8000-000000000000", "%00", "%FF", "a" * 300])
@each(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/trials")])
def test_an_unknown_job_is_not_found(client: TestClient, method: str, path: str, unknown: str) -> None:
    problem_of(client.request(method, f"/v1/jobs/{unknown}{path}"), 404, "job-not-found")


def test_cancelling_can_be_repeated(client: TestClient, job_id: str) -> None:
    first, again = (client.post(f"/v1/jobs/{job_id}/cancel") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["state"] == "cancelled"
    assert first.json()["trials"]["cancelled"] == 2
    assert again.json() == first.json()


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_a_finished_job_cannot_be_cancelled(
    client: TestClient, database: Database, job_id: str, state: JobState
) -> None:
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = state, job.created_at
    problem = problem_of(client.post(f"/v1/jobs/{job_id}/cancel"), 409, "job-finished")
    assert state in problem["detail"]


def test_a_failed_job_says_why(client: TestClient, database: Database, job_id: str) -> None:
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = JobState.FAILED, job.created_at
        job.error_type, job.error_detail = "attempts-exhausted", "The worker vanished three times."
    error = client.get(f"/v1/jobs/{job_id}").json()["error"]
    assert error == {"type": "attempts-exhausted", "detail": "The worker vanished three times."}


def test_trials_come_in_order_page_by_page(client: TestClient) -> None:
    job = submit(client, seeds=[7, 3, 5])
    seen, cursor = [], None
    while True:
        params = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/v1/jobs/{job['id']}/trials", params=params).json()
        seen += [(trial["index"], trial["optimizer_index"], trial["seed"]) for trial in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [(0, 0, 7), (1, 0, 3), (2, 0, 5), (3, 1, 7), (4, 1, 3), (5, 1, 5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=WyJhIl0", "page=2"])
def test_a_wrong_query_of_trials_is_refused(client: TestClient, job_id: str, query: str) -> None:
    problem = problem_of(client.get(f"/v1/jobs/{job_id}/trials?{query}"), 422, "invalid-request")
    assert pointers(problem) == [f"/{query.partition('=')[0]}"]


def test_progress_counts_the_steps_of_all_trials(client: TestClient, database: Database, job_id: str) -> None:
    set_trials(database, job_id, state=TrialState.RUNNING, steps_done=4)
    assert client.get(f"/v1/jobs/{job_id}").json()["progress"] == {
        "steps_done": 8,
        "steps_total": 20,
        "fraction": 0.4,
    }
