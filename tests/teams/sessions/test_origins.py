"""Whose pages may use a session: the service's own, over connections as safe as its own."""

from pathlib import Path

import httpx2
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.http.helpers import problem_of, with_shared_routes
from tests.http.serving import Served
from tests.keyring import shown
from tests.teams.sessions.browsers import OWN, URL, another, sign_in, token_of, with_cookie

ELSEWHERE: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "http://ayla.test"},
    {"Origin": "http://ayla.test:8643"},
    {"Origin": "http://sub.ayla.test:8642"},
    {"Origin": URL, "Sec-Fetch-Site": "same-site"},
    {"Origin": URL, "Sec-Fetch-Site": "cross-site"},
]


def test_what_could_change_something_is_taken_from_own_pages_alone(browser: TestClient, key: str, app: FastAPI) -> None:
    sign_in(browser, key)
    program = another(app, **with_cookie(token_of(browser)))
    requests = [("POST", "/v1/jobs"), ("POST", "/v1/queue/drain"), ("DELETE", "/v1/session"), ("PATCH", "/v1/jobs/x")]
    for headers in ELSEWHERE:
        for method, path in requests:
            problem_of(program.request(method, path, headers=headers), 403, "cross-site-request")
    assert browser.get("/v1/team").json()["draining_at"] is None
    assert browser.get("/v1/session").status_code == 200
    assert program.post("/v1/queue/drain", headers=OWN).status_code == 200
    assert program.post("/v1/queue/resume", headers={"Origin": URL}).status_code == 200


def test_a_page_elsewhere_cannot_even_look_with_the_session(browser: TestClient, key: str, app: FastAPI) -> None:
    sign_in(browser, key)
    program = another(app, **with_cookie(token_of(browser)))
    for headers in ({}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}, OWN):
        assert program.get("/v1/jobs", headers=headers).status_code == 200
    for headers in (
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example"},
    ):
        problem_of(program.get("/v1/jobs", headers=headers), 403, "cross-site-request")


def test_pages_that_may_use_the_api_may_not_use_the_session(tmp_path: Path, database: Database, key: str) -> None:
    """CORS never allows credentials; a page of a listed origin that could send the cookie is refused all the same."""
    origin = "https://pages.example.org"
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", cors_origins=[origin])
    app = with_shared_routes(create_app(settings, database))
    browser = another(app, **OWN)
    sign_in(browser, key)
    page = another(app, Origin=origin)
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/queue/drain"), ("GET", "/v1/session")):
        answer = page.request(method, path, headers=with_cookie(token_of(browser)))
        problem_of(answer, 403, "cross-site-request")
        assert "access-control-allow-credentials" not in answer.headers
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = page.options("/v1/jobs", headers=asked)
    assert preflight.status_code == 200
    assert "access-control-allow-credentials" not in preflight.headers
    allowed = page.get("/v1/jobs", headers=shown(key))
    assert allowed.status_code == 200
    assert "access-control-allow-credentials" not in allowed.headers


def test_nobody_is_signed_in_by_a_page_elsewhere(app: FastAPI, key: str) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = another(app, **headers).post("/v1/session", json={"key": key})
        problem_of(answer, 403, "cross-site-request")
        assert "set-cookie" not in answer.headers


def test_over_tls_the_cookie_is_sent_over_tls_only(app: FastAPI, key: str) -> None:
    browser = another(app, "https://ayla.test", Origin="https://ayla.test")
    cookie = sign_in(browser, key).headers["set-cookie"]
    assert cookie.startswith("__Host-ayla_session_443=")
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= {each.lower() for each in cookie.split("; ")}
    assert browser.get("/v1/session").json()["kind"] == "session"
    token = cookie.partition("=")[2].partition(";")[0]
    planted = another(app, "https://ayla.test").get("/v1/me", headers=with_cookie(token, "ayla_session_443"))
    problem_of(planted, 401, "not-authenticated")
    dropped = browser.delete("/v1/session").headers["set-cookie"]
    assert dropped.startswith('__Host-ayla_session_443="";')
    assert "secure" in dropped.lower()


def test_only_a_trusted_proxy_says_that_the_browser_speaks_tls(tmp_path: Path, database: Database, key: str) -> None:
    for trusted, secure in ((["127.0.0.1"], True), (["10.9.9.9"], False)):
        settings = Settings(data_dir=tmp_path, host="0.0.0.0", trusted_proxies=trusted)
        server = Served(with_shared_routes(create_app(settings, database)), settings)
        try:
            headers = {"Host": "ayla.test", "X-Forwarded-Proto": "https", "Origin": "https://ayla.test"}
            cookie = httpx2.post(f"{server.url}/v1/session", json={"key": key}, headers=headers).headers["set-cookie"]
        finally:
            server.stop()
        assert ("Secure" in cookie) == secure
        assert cookie.startswith("__Host-ayla_session_443=" if secure else "ayla_session_80=")
