"""Web pages of listed origins can use the API from a browser, and no others."""

from pathlib import Path

import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi.testclient import TestClient
from pydantic import ValidationError

from tests.factories import spec
from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.keyring import make_key, shown

PAGE = "https://ayla.example.org"
STRANGE = "https://evil.example"


@pytest.fixture
def client(tmp_path: Path, database: Database) -> TestClient:
    """A client of a service that a page of another origin may use."""
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "cors_origins": f"{PAGE.upper()}/, http://localhost:3000"}
    )
    return TestClient(with_shared_routes(create_app(settings, database)), BASE_URL)


def preflight(origin: str, method: str = "POST", headers: str = "authorization,content-type") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
        "Sec-Fetch-Site": "cross-site",
    }


def test_a_page_that_is_listed_may_ask_and_read(client: TestClient, database: Database) -> None:
    key = make_key(database)
    for origin in (PAGE, "http://localhost:3000"):
        asked = client.options("/v1/jobs", headers=preflight(origin))
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in asked.headers
        sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site"} | shown(key)
        answer = client.post("/v1/jobs", json=spec(), headers=sent)
        assert answer.status_code == 202
        assert answer.headers["access-control-allow-origin"] == origin
        exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
        assert {"location", "etag", "link", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"} <= exposed
        assert "origin" in answer.headers["vary"].lower()


def test_a_page_can_read_what_went_wrong(client: TestClient, database: Database) -> None:
    make_key(database)
    for path, status in (("/v1/me", 401), ("/v1/nothing", 401), ("/nothing", 404), ("/healthz", 200)):
        answer = client.get(path, headers={"Origin": PAGE, "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE


def test_a_page_that_is_not_listed_can_neither_change_nor_read(client: TestClient) -> None:
    for origin in (
        STRANGE,
        "null",
        f"{PAGE}.evil.example",
        "http://ayla.example.org",
        f"{PAGE}:8443",
        "http://localhost",
    ):
        asked = client.options("/v1/jobs", headers=preflight(origin))
        assert asked.status_code == 400
        sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        problem_of(client.post("/v1/jobs", json=spec(), headers=sent), 403, "cross-site-request")
        if origin != BASE_URL:  # the service's own
            problem_of(client.post("/v1/queue/drain", headers={"Origin": origin}), 403, "cross-site-request")
        read = client.get("/v1/jobs", headers=sent)
        assert read.json()["data"] == []
        assert "access-control-allow-origin" not in asked.headers
        assert "access-control-allow-origin" not in read.headers


def test_a_page_that_names_no_origin_or_several_is_strange(client: TestClient) -> None:
    origins: list[str]
    for origins in ([PAGE, STRANGE], [PAGE, PAGE], []):
        headers = [("Sec-Fetch-Site", "cross-site"), *(("Origin", origin) for origin in origins)]
        answer = client.post("/v1/jobs", json=spec(), headers=headers)
        problem_of(answer, 403, "cross-site-request")


def test_a_page_can_only_do_what_the_api_has(client: TestClient) -> None:
    for method, headers in (("PUT", ""), ("TRACE", ""), ("POST", "x-secret")):
        assert client.options("/v1/jobs", headers=preflight(PAGE, method, headers)).status_code == 400


def test_listed_pages_have_to_name_this_host_all_the_same(client: TestClient) -> None:
    answer = client.get("/v1/jobs", headers={"Origin": PAGE, "Host": "evil.example"})
    problem_of(answer, 421, "host-not-allowed")


def test_by_default_no_page_is_listed(tmp_path: Path, database: Database) -> None:
    client = TestClient(with_shared_routes(create_app(Settings(data_dir=tmp_path), database)), BASE_URL)
    assert "access-control-allow-origin" not in client.get("/v1/jobs", headers={"Origin": PAGE}).headers
    problem_of(client.options("/v1/jobs", headers=preflight(PAGE)), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "ayla.example.org", "https://a.example/path", "https://*.example", "https://u@a.example", "ftp://a"],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="an origin is a scheme, a host"):
        Settings.model_validate({"cors_origins": origin})
