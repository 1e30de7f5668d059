"""Every answer that is not a success is a problem document, and every answer has its headers."""

from collections.abc import Iterator

import pytest
from ayla_service.db.session import Database
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from structlog.typing import EventDict

from tests.factories import spec
from tests.http.helpers import BASE_URL, pointers, problem_of

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def hardy(app: FastAPI) -> Iterator[TestClient]:
    """A client of an application with routes that fail, each in its own way."""

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("the secret of the inside")

    @app.get("/store-fails")
    def store_fails() -> None:
        raise OperationalError("SELECT secret", {"a": "private"}, Exception("disk I/O error\nkey (private)"))

    with TestClient(app, BASE_URL) as client:  # it raises what the application lets through: nothing must get through
        yield client


def test_an_unknown_path_is_not_found(client: TestClient) -> None:
    problem = problem_of(client.get("/v1/nope"), 404, "not-found")
    assert problem["instance"] == "/v1/nope"
    assert problem["errors"] == []


def test_a_slash_at_the_end_is_another_path(client: TestClient) -> None:
    problem_of(client.get("/v1/jobs/", follow_redirects=False), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/jobs", "GET, HEAD, POST"),
        ("PUT", "/v1/jobs/some-id", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/v1/jobs/some-id/cancel", "POST"),
        ("OPTIONS", "/v1/jobs", "GET, HEAD, POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("TRACE", "/v1/catalogue", "GET, HEAD"),
        ("MADE-UP", "/v1/catalogue", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_with_those_allowed(client: TestClient, method: str, path: str, allowed: str) -> None:
    answer = client.request(method, path)
    problem_of(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/v1/jobs", "/healthz", "/v1/nope", "/docs", "/openapi.json"])
def test_head_answers_as_get_without_the_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "json", "text/json"])
def test_a_body_of_another_type_is_refused(client: TestClient, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = client.post("/v1/jobs", content=b'{"name": "x"}', headers=headers)
    assert "application/json" in problem_of(answer, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "line 1, column 2"),
        (b'{\n "a": 1,\n}', "line 3, column 1"),
        (b"{'a': 1}", "line 1, column 2"),
        (b"\xef\xbb\xbf\xff", "not UTF-8"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"budget": {"steps": ' + b"1" * 5000 + b"}}", "too many digits"),
        (b"nonsense", "line 1, column 1"),
    ],
)
def test_a_body_that_is_not_json_is_malformed(client: TestClient, body: bytes, said: str) -> None:
    problem = problem_of(client.post("/v1/jobs", content=body, headers=JSON), 400, "malformed-body")
    assert said in problem["detail"]
    assert pointers(problem) == [""]
    assert problem["errors"][0]["in"] == "body"


def test_a_missing_body_is_asked_for(client: TestClient) -> None:
    problem = problem_of(client.post("/v1/jobs", headers=JSON), 422, "invalid-request")
    assert "send a JSON object" in problem["detail"]


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/nope"])
def test_a_body_over_the_limit_is_refused_by_its_declared_length(client: TestClient, path: str) -> None:
    answer = client.post(path, content=b" " * 1_048_577, headers=JSON)
    assert "1048576 bytes" in problem_of(answer, 413, "body-too-large")["detail"]


def test_a_body_over_the_limit_is_refused_while_it_is_sent(client: TestClient) -> None:
    pieces = (b" " * 100_000 for _ in range(11))
    answer = client.post("/v1/jobs", content=pieces, headers=JSON)
    assert "content-length" not in answer.request.headers
    problem_of(answer, 413, "body-too-large")


def test_a_body_at_the_limit_is_read(client: TestClient) -> None:
    body = client.build_request("POST", "/", json=spec()).content
    answer = client.post("/v1/jobs", content=body.ljust(1_048_576), headers=JSON)
    assert answer.status_code == 202


def test_an_error_of_the_service_shows_nothing_of_its_inside(hardy: TestClient) -> None:
    answer = hardy.get("/fails", headers={"X-Request-ID": "mine-1"})
    problem = problem_of(answer, 500, "internal-error")
    assert problem["request_id"] == "mine-1"
    assert "secret" not in answer.text


def test_a_failing_store_asks_to_come_back(hardy: TestClient) -> None:
    answer = hardy.get("/store-fails")
    problem_of(answer, 503, "store-unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "secret" not in answer.text


def test_the_log_tells_of_a_failing_store_without_what_was_in_the_statement(
    hardy: TestClient, events: list[EventDict]
) -> None:
    hardy.get("/store-fails")
    told = next(event for event in events if event["event"] == "store unavailable")
    assert told["error"] == "OperationalError"
    assert told["reason"] == "disk I/O error"
    assert "secret" not in str(events)
    assert "private" not in str(events)


def test_a_store_that_is_gone_is_unavailable(client: TestClient, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE job_labels")
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO gone")
    problem_of(client.get("/v1/jobs"), 503, "store-unavailable")


def test_a_sane_request_id_is_kept(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "build-7.retry_2"})
    assert answer.headers["x-request-id"] == "build-7.retry_2"


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, "<script>", 'quote"', "a;b"])
def test_any_other_request_id_is_replaced(client: TestClient, given: str) -> None:
    first, second = (client.get("/v1/nope", headers={"X-Request-ID": given}) for _ in range(2))
    ids = {first.headers["x-request-id"], second.headers["x-request-id"]}
    assert len(ids) == 2
    assert given not in ids
    problem_of(first, 404, "not-found")


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/nope", "/docs", "/docs/assets/swagger-ui.css", "/fails"])
def test_no_answer_is_to_be_sniffed(hardy: TestClient, path: str) -> None:
    assert hardy.get(path).headers["x-content-type-options"] == "nosniff"


def test_a_long_list_of_errors_is_cut(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=spec() | {f"unknown_{place}": 1 for place in range(60)})
    problem = problem_of(answer, 422, "invalid-request")
    assert len(problem["errors"]) == 50
    assert problem["detail"].endswith("10 more errors are not listed.")
