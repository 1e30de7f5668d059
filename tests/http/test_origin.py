"""A web page cannot drive a service on the machine of whoever looks at it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Headers
from starlette.types import Message

from tests.cases import each
from tests.factories import spec
from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.keyring import make_key, shown

ClientOf = Callable[..., TestClient]


@pytest.fixture
def client_of(tmp_path: Path, database: Database) -> ClientOf:
    """A client of a service with these settings."""
    return lambda **settings: TestClient(
        with_shared_routes(create_app(Settings(data_dir=tmp_path, **settings), database)), BASE_URL
    )


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8642", "localhost.", "localhost.:8642", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8642"],
)
def test_a_request_for_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


@each(
    "host",
    [
        "evil.example",
        "evil.example:8642",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:localhost",
        "localhost:8642:8642",
        "localhost@evil.example",
        "localhost, evil.example",
        "localhost..",
        "[::1",
        "::1",
        "[localhost.]",
        "[]",
        ":8642",
        ".",
        "",
        " ",
    ],
)
@each(("method", "path"), [("GET", "/v1/jobs"), ("GET", "/docs"), ("HEAD", "/healthz")])
def test_a_request_for_another_host_is_refused(client: TestClient, host: str, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Host": host})
    assert answer.status_code == 421
    if method != "HEAD":
        assert "AYLA_ALLOWED_HOSTS" in problem_of(answer, 421, "host-not-allowed")["detail"]


def test_a_refused_request_changes_nothing(client: TestClient) -> None:
    client.post("/v1/jobs", json=spec(), headers={"Host": "evil.example"})
    client.post("/v1/jobs", json=spec(), headers={"Sec-Fetch-Site": "cross-site"})
    assert client.get("/v1/jobs").json()["data"] == []


def test_the_host_is_named_but_never_at_length(client: TestClient) -> None:
    detail = problem_of(client.get("/", headers={"Host": "evil.example"}), 421, "host-not-allowed")["detail"]
    assert "'evil.example'" in detail
    long = problem_of(client.get("/", headers={"Host": "e" * 5000}), 421, "host-not-allowed")["detail"]
    assert len(long) < 200


@pytest.mark.parametrize("hosts", [["localhost", "evil.example"], ["evil.example", "localhost"]])
def test_several_hosts_are_refused(client: TestClient, hosts: list[str]) -> None:
    request = client.build_request("GET", "/healthz")
    request.headers = Headers([("Host", host) for host in hosts])
    problem_of(client.send(request), 421, "host-not-allowed")


def test_a_request_without_a_host_is_refused(app: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/healthz", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 421
    assert "names no host" in json.loads(sent[1]["body"])["detail"]


def test_the_setting_adds_names_to_those_of_this_machine(client_of: ClientOf) -> None:
    client = client_of(allowed_hosts=["Ayla.Example.org"])
    assert client.get("/healthz", headers={"Host": "ayla.example.ORG:80"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "localhost"}).status_code == 200
    problem_of(client.get("/healthz", headers={"Host": "evil.example"}), 421, "host-not-allowed")


def test_a_service_for_other_machines_answers_to_any_name(client_of: ClientOf) -> None:
    client = client_of(host="0.0.0.0")
    for host in ("ayla.example.org", "evil.example", "["):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
        assert client.get("/v1/nope", headers={"Host": host}).status_code == 404


UNSAFE = [("POST", "/v1/queue/drain"), ("POST", "/v1/jobs/x/cancel"), ("PATCH", "/v1/jobs/x"), ("DELETE", "/v1/jobs/x")]
"""Requests that a page can send without asking first, or could if a browser was careless."""

STRANGE = (
    *("null", "", "http://evil.example", "https://evil.example:8642", "file://", "chrome-extension://abcdef"),
    *(
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:8642",
        "http://[::1]:8642",
        "http://sub.localhost:8642",
    ),
    *("http://localhost:8642/", "http://localhost:8642.evil.example", "http://u@localhost:8642", "ws://localhost:8642"),
    *("localhost:8642", "http://localhost:08642", "http://localhost:8642 http://evil.example", "http://[", "*"),
)


def test_a_page_of_another_origin_can_change_nothing(client: TestClient) -> None:
    for method, path in UNSAFE:
        for origin in STRANGE:
            answer = client.request(method, path, headers={"Host": "localhost:8642", "Origin": origin})
            problem_of(answer, 403, "cross-site-request")
        for site in ("cross-site", "same-site", "Same-Origin", "same-origin, cross-site", "", "anything"):
            problem_of(client.request(method, path, headers={"Sec-Fetch-Site": site}), 403, "cross-site-request")
    assert client.get("/v1/team").json()["draining_at"] is None
    detail = client.post("/v1/queue/drain", headers={"Origin": "http://evil.example"}).json()["detail"]
    assert "'http://evil.example'" in detail
    assert "AYLA_CORS_ORIGINS" in detail
    assert len(client.post("/v1/jobs", headers={"Origin": "http://" + "e" * 5000}).json()["detail"]) < 300


def test_what_speaks_for_a_page_and_what_against_it_are_both_heard(client: TestClient) -> None:
    own = ("Origin", "http://localhost")
    for headers in (
        [own, ("Sec-Fetch-Site", "cross-site")],
        [own, own],
        [own, ("Origin", "http://evil.example")],
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    ):
        problem_of(client.post("/v1/queue/drain", headers=headers), 403, "cross-site-request")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost", "http://localhost"),
        ("localhost", "http://localhost:80"),
        ("LocalHost:8642", "http://localhost:8642"),
        ("localhost.:8642", "http://localhost.:8642"),
        ("127.0.0.1:8642", "http://127.0.0.1:8642"),
        ("[::1]:8642", "http://[::1]:8642"),
        ("[::1]", "http://[::1]"),
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
        ("localhost:8443", "https://localhost:8443"),
    ],
)
def test_pages_of_this_service_can_change_something(client: TestClient, host: str, origin: str) -> None:
    answer = client.post("/v1/queue/drain", headers={"Host": host, "Origin": origin, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200


def test_programs_say_nothing_of_pages_and_pass(client: TestClient) -> None:
    assert client.post("/v1/queue/drain").status_code == 200
    assert client.post("/v1/queue/resume", headers={"Sec-Fetch-Site": "none"}).status_code == 200
    assert client.post("/v1/jobs", json=spec(), headers={"Sec-Fetch-Site": "same-origin"}).status_code == 202


def test_a_page_that_was_sent_without_tls_is_not_one_of_a_service_with_it(tmp_path: Path, database: Database) -> None:
    app = with_shared_routes(create_app(Settings(data_dir=tmp_path), database))
    client = TestClient(app, "https://localhost")  # as a trusted proxy says by X-Forwarded-Proto
    assert client.post("/v1/queue/drain", headers={"Origin": "https://localhost"}).status_code == 200
    problem_of(client.post("/v1/queue/drain", headers={"Origin": "http://localhost"}), 403, "cross-site-request")


def test_with_keys_it_is_the_same(client: TestClient, database: Database) -> None:
    key = shown(make_key(database))
    strange = client.post("/v1/queue/drain", headers={**key, "Origin": "http://evil.example"})
    problem_of(strange, 403, "cross-site-request")
    assert client.post("/v1/queue/drain", headers={**key, "Origin": "http://localhost"}).status_code == 200


def test_a_link_from_another_site_can_be_followed(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "null"}
    assert client.get("/docs", headers=headers).status_code == 200
    assert client.get("/v1/jobs", headers=headers).status_code == 200
