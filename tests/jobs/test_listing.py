"""Finding jobs in lists, changing what is told about them, trying them again, deleting them."""

from typing import Any

import pytest
from ayla_service.db.models import ChunkRow, JobLabelRow, JobRow, ShardRow, TrialSummariesRow
from ayla_service.db.session import Database
from ayla_service.queue.attempts import fail, record
from ayla_service.queue.claims import claim
from ayla_service.queue.retries import ErrorType
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from tests.cases import each
from tests.factories import AT_ONCE, WORKER, progress, spec
from tests.http.helpers import pointers, problem_of

ANY = {"If-Match": "*"}


def names(client: TestClient, **query: Any) -> list[str]:
    answer = client.get("/v1/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [job["name"] for job in answer.json()["data"]]


@pytest.fixture
def several(client: TestClient) -> dict[str, str]:
    """Three jobs by name."""
    adam = [{"name": "adam", "learning_rate": 0.01}]
    digits = {"type": "dataset", "dataset": {"name": "digits"}}
    made = [
        spec(name="one", project="thesis", tags=["a", "b"], notes="first light"),
        spec(name="two", project="thesis", tags=["a"], optimizers=adam),
        spec(name="three", tags=["b"], problem=digits, optimizers=adam, budget={"epochs": 1}),
    ]
    return {document["name"]: client.post("/v1/jobs", json=document).json()["id"] for document in made}


@each(
    ("query", "found"),
    [
        ({}, ["three", "two", "one"]),
        ({"sort": "created_at"}, ["one", "two", "three"]),
        ({"tag": "a"}, ["two", "one"]),
        ({"tag": "a", "project": "thesis", "optimizer": "ayla"}, ["one"]),
        ({"optimizer": "adam"}, ["three", "two"]),
        ({"problem": "digits"}, ["three"]),
        ({"problem": "expression", "state": "queued"}, ["two", "one"]),
        ({"problem": "expression", "state": "failed"}, []),
        ({"q": "FIRST light"}, ["one"]),
        ({"q": "x**4"}, ["two", "one"]),
        ({"q": "100%"}, []),
        ({"q": "_"}, []),
        ({"owner": "local", "tag": "b"}, ["three", "one"]),
        ({"owner": "nobody"}, []),
        ({"created_before": "2020-01-01T00:00:00Z"}, []),
        ({"created_from": "2020-01-01T00:00:00Z", "tag": "b", "sort": "-updated_at"}, ["three", "one"]),
        ({"archived": "only"}, []),
    ],
)
def test_jobs_are_found_by_what_they_are(
    client: TestClient, several: dict[str, str], query: dict[str, str], found: list[str]
) -> None:
    assert len(several) == 3
    assert names(client, **query) == found


def test_paused_jobs_are_found_whether_they_wait_or_still_run(
    client: TestClient, database: Database, several: dict[str, str]
) -> None:
    assert claim(database, WORKER, 30) is not None
    for name in ("one", "two"):
        client.post(f"/v1/jobs/{several[name]}/pause")
    assert {job["state"] for job in client.get("/v1/jobs?paused=true").json()["data"]} == {"running", "queued"}
    assert names(client, paused="true") == ["two", "one"]
    assert names(client, paused="true", tag="b") == ["one"]
    assert names(client, paused="true", state="queued", sort="-updated_at") == ["two"]
    assert names(client, paused="false") == ["three"]
    client.post(f"/v1/jobs/{several['two']}/resume")
    assert names(client, paused="true", limit=1) == ["one"]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-updated_at", "updated_at"])
def test_pages_of_any_order_hold_every_job_once(client: TestClient, several: dict[str, str], sort: str) -> None:
    client.post(f"/v1/jobs/{several['one']}/pause")
    whole = names(client, sort=sort)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/jobs", params={"sort": sort, "limit": 1, **cursor}).json()
        seen += [job["name"] for job in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == whole
    assert sorted(whole) == ["one", "three", "two"]
    assert sort != "-updated_at" or whole[0] == "one"


def test_a_cursor_belongs_to_one_order(client: TestClient, several: dict[str, str]) -> None:
    assert len(several) == 3
    cursor = client.get("/v1/jobs", params={"limit": 1}).json()["next_cursor"]
    other = client.get("/v1/jobs", params={"cursor": cursor, "sort": "created_at"})
    assert pointers(problem_of(other, 422, "invalid-request")) == ["/cursor"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"sort": "name"}, "/sort"),
        ({"q": ""}, "/q"),
        ({"q": "a\0b"}, "/q"),
        ({"q": "x" * 201}, "/q"),
        ({"created_from": "yesterday"}, "/created_from"),
        ({"created_from": "2026-01-01T00:00:00"}, "/created_from"),
        ({"archived": "yes"}, "/archived"),
        ({"paused": "maybe"}, "/paused"),
        ({"owner": "\n"}, "/owner"),
        ({"problem": "\x1b"}, "/problem"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_by_name(
    client: TestClient, query: dict[str, str], pointer: str
) -> None:
    assert pointers(problem_of(client.get("/v1/jobs", params=query), 422, "invalid-request")) == [pointer]


def test_what_is_told_about_a_job_can_be_changed(client: TestClient, database: Database, job_id: str) -> None:
    before = client.get(f"/v1/jobs/{job_id}")
    change = {"name": "new", "project": "p", "tags": ["x", "y", "x"], "notes": "a\nb"}
    answer = client.patch(f"/v1/jobs/{job_id}", json=change, headers={"If-Match": before.headers["etag"]})
    assert answer.status_code == 200
    job = answer.json()
    assert {field: job[field] for field in change} == change | {"tags": ["x", "y"]}
    assert job["version"] == before.json()["version"] + 1
    assert names(client, tag="x", project="p", q="NEW") == ["new"]
    assert names(client, tag="x", optimizer="sgd") == ["new"]
    client.patch(f"/v1/jobs/{job_id}", json={"project": None, "tags": []}, headers=ANY)
    assert names(client, project="p") == []
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobLabelRow).where(JobLabelRow.kind == "tag")) == 0


def test_a_change_names_the_version_it_changes(client: TestClient, job_id: str) -> None:
    etag = client.get(f"/v1/jobs/{job_id}").headers["etag"]
    problem_of(client.patch(f"/v1/jobs/{job_id}", json={"name": "a"}), 428, "version-required")
    client.patch(f"/v1/jobs/{job_id}", json={"name": "a"}, headers={"If-Match": etag})
    stale = client.patch(f"/v1/jobs/{job_id}", json={"name": "b"}, headers={"If-Match": etag})
    problem_of(stale, 412, "stale-version")
    for nonsense in ('"x"', "1", '"1", "2"', '"99999999999"', ""):
        answer = client.patch(f"/v1/jobs/{job_id}", json={"name": "b"}, headers={"If-Match": nonsense})
        problem_of(answer, 412, "stale-version")
    assert client.get(f"/v1/jobs/{job_id}").json()["name"] == "a"


def test_a_job_that_the_client_has_already_is_not_sent_again(
    client: TestClient, database: Database, job_id: str
) -> None:
    etag = client.get(f"/v1/jobs/{job_id}").headers["etag"]
    again = client.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"].removeprefix("W/") == etag.removeprefix("W/")
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    running = client.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": etag})
    record(database, claimed, progress(claimed, 0, 5), 30)
    further = client.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": running.headers["etag"]})
    assert (running.status_code, further.status_code) == (200, 200), "progress is news, though no version"
    assert further.json()["version"] == 1


def test_a_job_is_archived_and_found_again(client: TestClient, several: dict[str, str]) -> None:
    url = f"/v1/jobs/{several['two']}"
    problem_of(client.patch(url, json={"archived": True}, headers=ANY), 409, "job-unfinished")
    client.post(f"{url}/cancel")
    assert client.patch(url, json={"archived": True}, headers=ANY).json()["archived_at"] is not None
    assert names(client) == ["three", "one"]
    assert names(client, archived="only") == ["two"]
    assert names(client, archived="also") == ["three", "two", "one"]
    assert client.get(url).json()["name"] == "two"
    client.patch(url, json={"archived": False}, headers=ANY)
    assert names(client, archived="only") == []


@pytest.mark.parametrize("field", ["id", "owner", "owner_id", "team_id", "state", "version", "created_at", "attempts"])
def test_what_belongs_to_the_service_cannot_be_assigned(client: TestClient, job_id: str, field: str) -> None:
    answer = client.patch(f"/v1/jobs/{job_id}", json={field: "x"}, headers=ANY)
    assert pointers(problem_of(answer, 422, "invalid-request")) == [f"/{field}"]
    answer = client.post("/v1/jobs", json=spec(**{field: "x"}))
    assert pointers(problem_of(answer, 422, "invalid-request")) == [f"/{field}"]


@pytest.mark.usefixtures("small_shards")
def test_a_failed_job_is_tried_again_and_keeps_the_results_it_has(client: TestClient, database: Database) -> None:
    job_id = client.post("/v1/jobs", json=spec(seeds=list(range(200)))).json()["id"]
    first, second = claim(database, WORKER, 30), claim(database, WORKER, 30)
    assert first is not None
    assert second is not None
    record(database, first, progress(first, 0, 10, finished=True), 30)
    fail(database, second, ErrorType.DATASET_UNUSABLE, "no", AT_ONCE)
    assert client.get(f"/v1/jobs/{job_id}").json()["state"] == "failed"
    again = client.post(f"/v1/jobs/{job_id}/retry").json()
    assert (again["state"], again["error"], again["finished_at"]) == ("queued", None, None)
    assert (again["trials"]["completed"], again["trials"]["queued"]) == (200, 200)
    third = claim(database, WORKER, 30)
    assert third is not None
    assert (third.shard_id, third.attempt) == (second.shard_id, 2)
    record(database, third, progress(third, 0, 10, finished=True), 30)
    done = client.get(f"/v1/jobs/{job_id}").json()
    assert (done["state"], done["trials"]["completed"]) == ("succeeded", 400)
    problem = problem_of(client.post(f"/v1/jobs/{job_id}/retry"), 409, "job-finished")
    assert "nothing is left to try again. POST /v1/jobs/{id}/clone runs its spec anew." in problem["detail"]


def test_a_job_that_has_ended_can_be_deleted(client: TestClient, database: Database, job_id: str) -> None:
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    problem_of(client.delete(f"/v1/jobs/{job_id}"), 409, "job-unfinished")
    record(database, claimed, progress(claimed, 0, 10, finished=True), 30)
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204
    problem_of(client.delete(f"/v1/jobs/{job_id}"), 404, "job-not-found")
    with database.read() as session:
        for table in (JobRow, ShardRow, TrialSummariesRow, ChunkRow, JobLabelRow):
            assert session.scalar(select(func.count()).select_from(table)) == 0
