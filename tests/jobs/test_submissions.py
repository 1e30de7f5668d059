"""Submitting several jobs, changed copies, dry runs, and requests that are repeated."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ayla_service.db.models import IdempotencyKeyRow, JobRow, MemberRow
from ayla_service.db.session import Database
from ayla_service.http.examples import BULK_EXAMPLE, CLONE_EXAMPLES
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from tests.factories import spec
from tests.http.helpers import pointers, problem_of


def stored(database: Database, table: type[JobRow] | type[IdempotencyKeyRow] = JobRow) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_several_jobs_are_submitted_at_once(client: TestClient, database: Database) -> None:
    answer = client.post("/v1/jobs:bulk", json=BULK_EXAMPLE["two"]["value"])
    assert answer.status_code == 202
    made = answer.json()["data"]
    assert [job["name"] for job in made] == [None, "saddle"]
    assert [client.get(f"/v1/jobs/{job['id']}").json() for job in made] == made
    assert stored(database) == 2


def test_if_one_of_several_jobs_cannot_be_run_none_is_stored(client: TestClient, database: Database) -> None:
    wrong = spec(seeds=[1, 1])
    problem = problem_of(client.post("/v1/jobs:bulk", json={"jobs": [spec(), wrong]}), 422, "invalid-request")
    assert pointers(problem) == ["/jobs/1/seeds"]
    assert stored(database) == 0


@pytest.mark.parametrize("body", [{}, {"jobs": []}, {"jobs": [spec()] * 201}, {"jobs": spec()}, []])
def test_a_bulk_without_jobs_or_with_too_many_is_refused(client: TestClient, database: Database, body: Any) -> None:
    assert client.post("/v1/jobs:bulk", json=body).status_code == 422
    assert stored(database) == 0


@pytest.mark.usefixtures("small_shards")
def test_a_dry_run_says_what_a_job_would_be_and_stores_nothing(client: TestClient, database: Database) -> None:
    found = client.post("/v1/jobs:validate", json=spec(seeds=list(range(200)))).json()
    assert (found["trials"], found["shards"], found["steps_total"]) == (400, 2, 4000)
    assert found["estimated_seconds"] > 0
    assert found["resolved"]["dtype"] == "float64"
    assert stored(database) == 0
    submitted = client.post("/v1/jobs", json=spec(seeds=list(range(200)))).json()
    assert submitted["resolved"] == found["resolved"]


def test_a_dry_run_finds_what_a_submission_would(client: TestClient) -> None:
    wrong = spec(optimizers=[{"name": "sgd", "learning_rate": -1}])
    told = [client.post(url, json=wrong).json()["errors"] for url in ("/v1/jobs", "/v1/jobs:validate")]
    assert told[0] == told[1]


@pytest.mark.parametrize("example", CLONE_EXAMPLES)
def test_a_job_is_cloned_with_changes(client: TestClient, example: str) -> None:
    first = client.post("/v1/jobs", json=spec(name="first", tags=["a"])).json()
    changes = CLONE_EXAMPLES[example]["value"]
    answer = client.post(f"/v1/jobs/{first['id']}/clone", json=changes)
    clone = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{clone['id']}"
    assert clone["id"] != first["id"]
    if changes:
        assert (clone["name"], clone["tags"], clone["resolved"]["budget"]["steps"]) == ("longer", [], 2000)
    else:
        assert clone["resolved"] == first["resolved"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"budget": {"steps": 0}}, "/budget/steps"),
        ({"optimizers": [{"name": "no"}]}, "/optimizers/0/name"),
        ({"problem": {"start": {"y": 1}}}, "/problem/start/y"),
        ({"owner_id": "me"}, "/owner_id"),
        ({"problem": None}, "/problem"),
    ],
)
def test_a_clone_that_cannot_be_run_is_refused(
    client: TestClient, database: Database, job_id: str, changes: dict[str, Any], pointer: str
) -> None:
    problem = problem_of(client.post(f"/v1/jobs/{job_id}/clone", json=changes), 422, "invalid-request")
    assert pointers(problem)[0] == pointer
    assert stored(database) == 1


@pytest.mark.parametrize("way", ["/v1/jobs", "/v1/jobs:bulk", "/v1/jobs/{id}/clone"])
def test_concurrent_doubles_make_one_job(client: TestClient, database: Database, job_id: str, way: str) -> None:
    body = {"/v1/jobs": spec(), "/v1/jobs:bulk": {"jobs": [spec()]}}.get(way, {})
    together = threading.Barrier(6)

    def post(_: int) -> tuple[int, bytes]:
        together.wait()
        answer = client.post(way.format(id=job_id), json=body, headers={"Idempotency-Key": "one"})
        return answer.status_code, answer.content

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(post, range(6)))) == 1
    assert stored(database) == 2


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_a_repeated_step_gets_the_first_answer_again(client: TestClient, job_id: str, verb: str) -> None:
    headers = {"Idempotency-Key": "step"}
    first = client.post(f"/v1/jobs/{job_id}/{verb}", headers=headers)
    client.post(f"/v1/jobs/{job_id}/cancel")
    again = client.post(f"/v1/jobs/{job_id}/{verb}", headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = client.post(f"/v1/jobs/{job_id}/clone", json={}, headers=headers)
    problem_of(other, 422, "idempotency-key-reused")


def test_the_same_json_in_other_words_is_the_same_request(client: TestClient, database: Database) -> None:
    named = {"Idempotency-Key": "spelt", "Content-Type": "application/json"}
    document = spec(optimizers=[{"name": "sgd", "learning_rate": 1, "momentum": 0}])
    first = client.post("/v1/jobs", json=document, headers=named)
    turned = json.dumps(dict(reversed(document.items())), indent=2)
    assert '"learning_rate": 1,' in turned
    for text in (turned, turned.replace('"learning_rate": 1,', '"learning_rate": 1.0,').replace("-1.0", "-10e-1")):
        again = client.post("/v1/jobs", content=text, headers=named)
        assert (again.status_code, again.content) == (202, first.content)
        assert again.headers["idempotent-replayed"] == "true"
    other = turned.replace('"momentum": 0', '"momentum": 0.5')
    for text in (other, turned.replace("{", '{"dtype": "float64",', 1)):  # float64 is the default
        problem_of(client.post("/v1/jobs", content=text, headers=named), 422, "idempotency-key-reused")
    assert stored(database) == 1


def test_a_key_takes_any_body_without_a_fault(client: TestClient, job_id: str) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    for number, body in enumerate((deep, b"{", b"\x00\xd8", b"\xff", b"1e999", b"9" * 5000)):
        for place in (f"/v1/jobs/{job_id}/pause", "/v1/jobs", "/v1/members"):
            headers = {"Idempotency-Key": f"{place}{number}", "Content-Type": "application/json"}
            assert client.post(place, content=body, headers=headers).status_code < 500


def test_what_was_refused_can_be_asked_again_under_its_key(client: TestClient, database: Database, job_id: str) -> None:
    headers = {"Idempotency-Key": "late"}
    problem_of(client.post(f"/v1/jobs/{job_id}/retry", headers=headers), 409, "job-unfinished")
    assert stored(database, IdempotencyKeyRow) == 0
    client.post(f"/v1/jobs/{job_id}/cancel")
    assert client.post(f"/v1/jobs/{job_id}/retry", headers=headers).json()["state"] == "queued"


def test_more_than_the_limit_is_refused_with_the_way_out(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.execute(update(MemberRow).values(limits={"queued_jobs": 1}))
    problem = problem_of(client.post("/v1/jobs:bulk", json={"jobs": [spec(), spec()]}), 409, "limit-reached")
    assert "may have 1; this would add 2" in problem["detail"]
    assert client.post("/v1/jobs", json=spec()).status_code == 202
    problem_of(client.post("/v1/jobs", json=spec()), 409, "limit-reached")
    assert stored(database) == 1
