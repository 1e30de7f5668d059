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

from tests.api.helpers import BASE_URL, problem_of
from tests.factories import spec

ClientOf = Callable[..., TestClient]


@pytest.fixture
def client_of(tmp_path: Path, database: Database) -> ClientOf:
    """A client of a service with these settings."""
    return lambda **settings: TestClient(create_app(Settings(data_dir=tmp_path, **settings), database), BASE_URL)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8642", "localhost.", "localhost.:8642", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8642"],
)
def test_a_request_for_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
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
@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/jobs"), ("GET", "/docs"), ("HEAD", "/healthz")])
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


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs"), ("POST", "/v1/jobs/x/cancel"), ("DELETE", "/v1")])
def test_a_page_of_another_site_can_change_nothing(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})
    problem_of(answer, 403, "cross-site-request")


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_the_documentation_and_pages_of_this_site_can_submit(client: TestClient, site: str) -> None:
    assert client.post("/v1/jobs", json=spec(), headers={"Sec-Fetch-Site": site}).status_code == 202


def test_a_link_from_another_site_can_be_followed(client: TestClient) -> None:
    assert client.get("/docs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
