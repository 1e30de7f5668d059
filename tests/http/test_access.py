"""Who is let in, and that nothing tells the keys that are shown."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.http import authentication
from ayla_service.http.rate_limits import RateLimitPolicy
from ayla_service.teams.keys import KeyVerifier
from ayla_service.teams.principal import LOCAL, Scope
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from starlette.types import Message
from structlog.typing import EventDict

from tests.factories import spec
from tests.http.helpers import BASE_URL, problem_of
from tests.keyring import make_key, shown


@pytest.fixture
def key(database: Database) -> str:
    """There are keys, and this is one."""
    return make_key(database)


@pytest.fixture
def served(app: FastAPI) -> Iterator[TestClient]:
    """A client that shows no key."""
    with TestClient(app, BASE_URL) as client:
        yield client


def test_without_a_key_nobody_is_let_in(key: str, served: TestClient) -> None:
    answer = served.get("/v1/jobs")
    problem = problem_of(answer, 401, "not-authenticated")
    assert "Authorization: Bearer ayla_" in problem["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="ayla"'


def test_what_belongs_to_no_team_needs_no_key(key: str, served: TestClient) -> None:
    for path in ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"]:
        assert served.get(path).status_code == 200


def test_not_even_what_there_is_is_told(key: str, served: TestClient) -> None:
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/jobs/", "/v1//jobs", "/v1/../v1/jobs"]:
        problem_of(served.get(path), 401, "not-authenticated")


def test_nothing_of_a_team_is_anywhere_else(key: str, served: TestClient) -> None:
    for path in ["/V1/jobs", "//v1/jobs", "/v2/jobs", "/v1x/jobs", "/", "/jobs"]:
        problem_of(served.get(path), 404, "not-found")


def test_a_key_is_shown_as_a_bearer_token(key: str, served: TestClient) -> None:
    for scheme in ["Bearer", "bearer", "BEARER"]:
        assert served.get("/v1/jobs", headers={"Authorization": f"{scheme} {key}"}).status_code == 200
        assert served.get("/v1/jobs", headers={"Authorization": f"{scheme}   {key} "}).status_code == 200


def test_a_key_that_is_shown_otherwise_is_no_key(key: str, served: TestClient) -> None:
    for header in ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}", "", "Bearer\t{}"]:
        answer = served.get("/v1/jobs", headers={"Authorization": header.format(key)})
        problem = problem_of(answer, 401, "not-authenticated")
        assert key not in str(problem)


def test_two_keys_are_none(key: str, served: TestClient) -> None:
    headers = [("Authorization", f"Bearer {key}")] * 2
    problem_of(served.get("/v1/jobs", headers=headers), 401, "not-authenticated")


def test_a_key_without_the_scope_is_told_what_it_has(key: str, app: FastAPI, database: Database) -> None:
    client = TestClient(app, BASE_URL, headers=shown(make_key(database, scopes=[Scope.READ])))
    detail = problem_of(client.post("/v1/jobs", json=spec()), 403, "not-allowed")["detail"]
    assert "needs the scope 'submit'; the key has read, and its member is admin" in detail


def test_who_is_refused_costs_no_reading_of_a_body(key: str, app: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"1000"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/jobs", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 401


def test_a_malformed_body_of_nobody_is_not_looked_at(key: str, served: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    problem_of(served.post("/v1/jobs", content=b"{", headers=headers), 401, "not-authenticated")


def test_a_store_that_is_away_is_told(key: str, served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_ring: KeyVerifier, _key: str) -> None:
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(KeyVerifier, "principal", away)
    answer = served.get("/v1/jobs", headers=shown(key))
    problem_of(answer, 503, "store-unavailable")
    assert answer.headers["retry-after"] == "1"


def test_an_error_of_our_own_lets_nobody_in(key: str, served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyVerifier, "principal", lambda *_: 1 / 0)
    problem_of(served.get("/v1/jobs", headers=shown(key)), 500, "internal-error")


def test_an_open_service_serves_nobody_elsewhere_through_a_proxy(client: TestClient) -> None:
    for name, value in [
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-For", "127.0.0.1, 203.0.113.7"),
        ("X-Forwarded-For", "203.0.113.7, 127.0.0.1"),
        ("X-Forwarded-For", "unknown"),
        ("X-Forwarded-For", "2001:db8::1"),
        ("X-Real-IP", "10.0.0.1"),
        ("Forwarded", "for=203.0.113.7;proto=https"),
        ("Forwarded", 'proto=https; For="[2001:db8::1]:4711"'),
        ("Forwarded", "for=127.0.0.1, for=203.0.113.7"),
        ("Forwarded", "for=_hidden"),
    ]:
        problem = problem_of(client.get("/v1/jobs", headers={name: value}), 401, "not-authenticated")
        assert "ayla-service keys create" in problem["detail"]


def test_a_proxy_on_this_machine_for_this_machine_is_served(client: TestClient) -> None:
    for name, value in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-For", "::1, 127.0.0.2:8080"),
        ("X-Forwarded-For", "::ffff:127.0.0.1"),
        ("X-Forwarded-For", ""),
        ("X-Real-IP", "[::1]:5"),
        ("Forwarded", 'for="[::1]";host=localhost'),
        ("Forwarded", "proto=http"),
        ("X-Forwarded-Proto", "https"),
    ]:
        assert client.get("/v1/jobs", headers={name: value}).status_code == 200


def test_with_keys_proxies_may_pass_on_whom_they_like(key: str, served: TestClient) -> None:
    assert served.get("/v1/jobs", headers={"X-Forwarded-For": "203.0.113.7"} | shown(key)).status_code == 200


def requests_with(key: str) -> list[dict[str, Any]]:
    """Requests that have a key where it belongs, and where it does not."""
    right = shown(key)
    return [
        {"method": "GET", "url": "/v1/me", "headers": right},
        {"method": "GET", "url": "/v1/me", "headers": shown(key[:-1] + "x")},
        {"method": "GET", "url": "/v1/me", "headers": {"Authorization": f"Basic {key}"}},
        {"method": "GET", "url": f"/v1/jobs?api_key={key}", "headers": right},
        {"method": "GET", "url": f"/v1/jobs?cursor={key}", "headers": right},
        {"method": "GET", "url": f"/v1/me?key={key}"},
        {"method": "POST", "url": "/v1/jobs", "headers": right, "json": spec() | {"api_key": key}},
        {"method": "POST", "url": "/v1/keys", "headers": right, "json": {"name": "k", "key": key}},
        {"method": "POST", "url": "/v1/keys", "headers": right, "json": {"name": "k"}},
        {"method": "GET", "url": f"/v1/jobs/{key}", "headers": right},
        {"method": "GET", "url": f"/v1/keys/{key}", "headers": right},
        {"method": "GET", "url": f"/{key}"},
        {"method": "GET", "url": "/v1/me", "headers": right | {"X-Request-ID": key}},
    ]


def test_no_key_is_logged_wherever_it_was_shown(
    key: str, served: TestClient, events: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [served.request(**request).json().get("key") for request in requests_with(key)]
    monkeypatch.setattr(KeyVerifier, "principal", lambda *_: 1 / 0)
    served.get("/v1/me", headers=shown(key))
    new = next(each for each in made if isinstance(each, str))
    logged = "\n".join(json.dumps(event, default=str) for event in events)
    assert len(events) > len(made)
    assert "request failed" in logged
    for secret in (key[13:], key[:-1][13:], new[13:]):
        assert secret not in logged


def test_no_answer_tells_a_key_but_that_which_made_it(key: str, served: TestClient) -> None:
    for request in requests_with(key):
        answer = served.request(**request)
        if request["url"].startswith(("/v1/jobs?api", "/v1/me?key")):
            assert answer.status_code in (401, 422)
            assert key[:13] not in answer.text.replace(key[:12] + '"', "")


def test_who_sends_a_request_is_logged(key: str, served: TestClient, events: list[EventDict]) -> None:
    me = served.get("/v1/me", headers=shown(key)).json()
    served.get("/v1/me")
    known, unknown = (event for event in events if event["event"] == "request")
    assert (known["member_id"], known["key_id"]) == (LOCAL.member_id, me["key"]["id"])
    assert "member_id" not in unknown


def test_who_shows_many_wrong_keys_has_to_wait(
    key: str, app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(per_minute=1, burst=3))
    other = make_key(database)
    with TestClient(app, BASE_URL) as client:
        assert client.get("/v1/me", headers=shown(key)).status_code == 200
        for _ in range(3):
            problem_of(client.get("/v1/me", headers=shown("ayla_guess")), 401, "not-authenticated")
        answer = client.get("/v1/me", headers=shown("ayla_guess"))
        problem_of(answer, 429, "rate-limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        # Somebody else behind the same proxy goes on; who comes with a key not seen lately has to wait too.
        assert client.get("/v1/me", headers=shown(key)).status_code == 200
        problem_of(client.get("/v1/me", headers=shown(other)), 429, "rate-limited")
    with TestClient(app, BASE_URL, client=("203.0.113.7", 1)) as elsewhere:
        assert elsewhere.get("/v1/me", headers=shown(other)).status_code == 200


def test_a_key_that_ends_counts_as_a_wrong_one(
    key: str, app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(per_minute=1, burst=2))
    with TestClient(app, BASE_URL, headers=shown(key)) as client:
        client.post(f"/v1/keys/{client.get('/v1/me').json()['key']['id']}/revoke")
        statuses = [client.get("/v1/me").status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]


def test_the_contract_says_that_every_operation_takes_a_key(app: FastAPI) -> None:
    document = app.openapi()
    scheme = document["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            is_v1 = path.startswith("/v1")
            takes_key = is_v1 and operation["operationId"] != "sign_in"  # which has one in its body
            assert ({"ApiKey": []} in operation.get("security", [])) == takes_key, path
            assert all((code in operation["responses"]) == is_v1 for code in ("401", "429")), path
