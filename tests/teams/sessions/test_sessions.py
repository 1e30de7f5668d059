"""Sessions of browsers: what a session lets do, and for how long."""

import json
from pathlib import Path

import httpx2
import pytest
from ayla_service.app import create_app
from ayla_service.db.models import ApiKeyRow, SessionRow
from ayla_service.db.session import Database, store_now
from ayla_service.http import authentication
from ayla_service.http.rate_limits import RateLimitPolicy
from ayla_service.jobs.retention import FINISHED, Selection, prune
from ayla_service.settings import Settings
from ayla_service.states import Role
from ayla_service.teams import members, sessions
from ayla_service.teams.principal import LOCAL, Principal, Scope
from ayla_service.teams.sessions import LIFETIME, MOST_SESSIONS
from ayla_service.teams.tokens import digest_of, new_session_token
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from structlog.typing import EventDict

from tests.factories import colleague, spec, submit
from tests.http.helpers import problem_of, with_shared_routes
from tests.keyring import holder_of, later, make_key, revoke, set_role, shown
from tests.streaming import served, streamed
from tests.teams.sessions.browsers import NAME, OWN, another, expire, rows, sign_in, token_of, with_cookie


def test_a_key_is_exchanged_for_a_session(browser: TestClient, key: str, database: Database) -> None:
    problem_of(browser.get("/v1/jobs"), 401, "not-authenticated")
    answer = sign_in(browser, key)
    told = answer.json()
    assert (told["kind"], told["scopes"]) == ("session", ["admin", "read", "submit"])
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get("/v1/jobs").status_code == 200
    assert browser.get("/v1/session").json() == told
    me = browser.get("/v1/me").json()
    assert me["key"]["id"] == holder_of(database, key).key_id
    created = browser.post("/v1/jobs", json=spec())
    assert created.status_code == 202
    assert created.json()["owner"] == "local"


def test_the_cookie_is_kept_from_scripts_other_sites_and_other_ports(browser: TestClient, key: str) -> None:
    cookie = sign_in(browser, key).headers["set-cookie"]
    value, *attributes = cookie.split("; ")
    assert value.startswith(f"{NAME}=")
    assert {each.lower() for each in attributes} == {"httponly", "samesite=strict", "path=/", "max-age=43200"}
    assert len(value.partition("=")[2]) == 43


def test_neither_key_nor_token_is_in_an_answer_or_in_the_store(
    browser: TestClient, key: str, database: Database, store_path: Path
) -> None:
    answer = sign_in(browser, key)
    token = token_of(browser)
    for text in (answer.text, browser.get("/v1/session").text, browser.get("/v1/me").text):
        assert key not in text
        assert token not in text
    database.dispose()
    stored = b"".join(path.read_bytes() for path in store_path.parent.glob(f"{store_path.name}*"))
    assert digest_of(token).encode() in stored
    assert token.encode() not in stored


def test_neither_key_nor_token_is_logged(browser: TestClient, key: str, events: list[EventDict]) -> None:
    sign_in(browser, key)
    token = token_of(browser)
    browser.get("/v1/jobs")
    browser.post("/v1/session", json={"key": key, "more": 1})
    browser.get(f"/sign-in?key={key}", headers={"Accept": "text/html"})
    browser.get(f"/v1/jobs?session={token}")
    logged = json.dumps(events, default=str)
    assert len([event for event in events if event["event"] == "request"]) == 5
    assert key[13:] not in logged
    assert token not in logged


def test_every_sign_in_has_a_token_of_its_own_which_nobody_chooses(
    browser: TestClient, key: str, app: FastAPI, database: Database
) -> None:
    """Session fixation: a token that was there before the key was shown is worth nothing, or is ended."""
    planted = new_session_token()
    fixed = another(app, **OWN)
    fixed.cookies.set(NAME, planted)
    sign_in(fixed, key)
    got = [value for value in fixed.cookies.jar if value.name == NAME and value.value != planted]
    assert len(got) == 1
    problem_of(another(app).get("/v1/jobs", headers=with_cookie(planted)), 401, "not-authenticated")
    sign_in(browser, key)
    first = token_of(browser)
    sign_in(browser, key)
    assert token_of(browser) != first
    problem_of(another(app).get("/v1/jobs", headers=with_cookie(first)), 401, "not-authenticated")
    assert rows(database) == 2


def test_signing_out_ends_the_session_and_not_the_key(browser: TestClient, key: str, database: Database) -> None:
    sign_in(browser, key)
    token = token_of(browser)
    answer = browser.delete("/v1/session")
    assert answer.status_code == 204
    assert NAME not in browser.cookies
    assert rows(database) == 0
    problem_of(browser.get("/v1/session"), 401, "not-authenticated")
    problem_of(browser.get("/v1/jobs", headers=with_cookie(token)), 401, "not-authenticated")
    assert browser.get("/v1/jobs", headers=shown(key)).status_code == 200


def test_a_key_that_signs_out_goes_on(browser: TestClient, key: str) -> None:
    assert browser.delete("/v1/session", headers=shown(key)).status_code == 204
    told = browser.get("/v1/session", headers=shown(key)).json()
    assert told == {"kind": "key", "scopes": ["admin", "read", "submit"], "expires_at": None}


def test_a_key_that_is_not_valid_signs_nobody_in(browser: TestClient, key: str, database: Database) -> None:
    revoke(database, LOCAL, holder_of(database, other := make_key(database)).key_id)
    for wrong in ("ayla_" + "x" * 43, key[:-1], other, "x"):
        problem = problem_of(browser.post("/v1/session", json={"key": wrong}), 401, "not-authenticated")
        assert key not in str(problem)
    for body in ({}, {"key": 5}, {"key": ""}, {"key": None}, {"key": "a" * 201}, {"key": key, "more": 1}, [key], key):
        problem = problem_of(browser.post("/v1/session", json=body), 422, "invalid-request")
        assert key[12:] not in str(problem)
    problem_of(
        browser.post("/v1/session", content=key, headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type"
    )
    problem_of(browser.post("/v1/session", json={"key": "a" * 5000}), 413, "body-too-large")
    problem_of(browser.post(f"/v1/session?key={key}", json={"key": key}), 422, "invalid-request")
    assert "set-cookie" not in browser.post("/v1/session", json={"key": "x"}).headers
    assert rows(database) == 0
    assert sign_in(browser, f"  {key}\n").status_code == 201


def test_guesses_at_signing_in_count_as_wrong_keys(app: FastAPI, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(per_minute=1, burst=3))
    client = another(app, **OWN)
    for _ in range(3):
        problem_of(client.post("/v1/session", json={"key": "ayla_guess"}), 401, "not-authenticated")
    problem_of(client.post("/v1/session", json={"key": "ayla_guess"}), 429, "rate-limited")
    problem_of(client.get("/v1/me", headers=shown("ayla_guess")), 429, "rate-limited")


def test_sessions_that_have_ended_do_not_lock_colleagues_out(
    app: FastAPI, key: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "ENDED_SESSIONS", RateLimitPolicy(per_minute=1, burst=2))
    client = another(app, **OWN)
    sign_in(client, key)
    assert client.get("/v1/me").status_code == 200
    stale = [client.get("/v1/me", headers=with_cookie(new_session_token())).status_code for _ in range(4)]
    assert stale == [401, 401, 429, 429]
    assert client.get("/v1/me").status_code == 200
    assert client.get("/v1/me", headers=shown(make_key(database))).status_code == 200


def test_a_session_is_rate_limited_with_its_key(tmp_path: Path, database: Database, key: str) -> None:
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", rate_limit_per_minute=1, rate_limit_burst=5)
    client = another(with_shared_routes(create_app(settings, database)), **OWN)
    sign_in(client, key)
    answers = [client.get("/v1/me"), client.get("/v1/me", headers=shown(key)), client.get("/v1/me")]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=3", "r=2", "r=1"]
    sign_in(client, key)
    problem_of(client.get("/v1/me"), 429, "rate-limited")


def test_a_session_may_do_no_more_than_its_key(browser: TestClient, key: str, database: Database) -> None:
    viewer = colleague(database, "viewer", Role.VIEWER)
    for holder, scopes in ((viewer, None), (LOCAL, [Scope.READ])):
        told = sign_in(browser, make_key(database, holder, scopes)).json()
        assert told["scopes"] == ["read"]
        assert browser.get("/v1/jobs").status_code == 200
        problem_of(browser.post("/v1/jobs", json=spec()), 403, "not-allowed")
        problem_of(browser.post("/v1/members", json={"name": "me too"}), 403, "not-allowed")
    sign_in(browser, make_key(database, scopes=[Scope.SUBMIT]))
    problem_of(browser.get("/v1/jobs"), 403, "not-allowed")
    assert browser.get("/v1/session").json()["scopes"] == ["submit"]
    told = browser.post("/v1/keys", json={"name": "more", "scopes": ["read"]})
    problem_of(told, 403, "not-allowed")


def test_a_role_that_is_lowered_lowers_the_session(browser: TestClient, key: str, database: Database) -> None:
    member = colleague(database, "member", Role.MEMBER)
    sign_in(browser, make_key(database, member))
    assert browser.post("/v1/jobs", json=spec()).status_code == 202
    set_role(database, member, Role.VIEWER)
    problem_of(browser.post("/v1/jobs", json=spec()), 403, "not-allowed")
    assert browser.get("/v1/session").json()["scopes"] == ["read"]


def _revoke(database: Database, who: Principal) -> None:
    revoke(database, who, who.key_id)


def _expire(database: Database, who: Principal) -> None:
    with database.write() as session:
        session.get_one(ApiKeyRow, who.key_id).expires_at = store_now(session)


def _remove(database: Database, who: Principal) -> None:
    with database.write() as session:
        members.remove(session, who.team_id, who.member_id)


def _delete(database: Database, who: Principal) -> None:
    with database.write() as session:
        session.delete(session.get_one(ApiKeyRow, who.key_id))


KEY_ENDS = [_revoke, _expire, _remove, _delete]


def test_a_session_ends_with_its_key(browser: TestClient, key: str, database: Database) -> None:
    for number, end in enumerate(KEY_ENDS):
        member = colleague(database, f"member {number}", Role.MEMBER)
        own = make_key(database, member)
        sign_in(browser, own)
        assert browser.get("/v1/jobs").status_code == 200
        end(database, holder_of(database, own))
        problem_of(browser.get("/v1/jobs"), 401, "not-authenticated")


def test_a_session_ends_after_twelve_hours_or_when_its_key_would(
    browser: TestClient, key: str, database: Database
) -> None:
    told = sign_in(browser, key).json()
    assert LIFETIME.total_seconds() == 12 * 3600
    with database.read() as session:
        row = session.scalars(select(SessionRow)).one()
        assert row.expires_at - row.created_at == LIFETIME
        assert told["expires_at"] == row.expires_at.isoformat().replace("+00:00", "Z")
    soon = later(database, minutes=5)
    short = sign_in(browser, make_key(database, expires_at=soon)).json()
    assert short["expires_at"] == soon.isoformat().replace("+00:00", "Z")
    expire(database, token_of(browser))
    assert "sign in again" in problem_of(browser.get("/v1/jobs"), 401, "not-authenticated")["detail"]
    problem_of(browser.get("/v1/session"), 401, "not-authenticated")


def test_a_key_in_the_header_goes_before_the_cookie(browser: TestClient, key: str, database: Database) -> None:
    sign_in(browser, key)
    viewer = make_key(database, colleague(database, "viewer", Role.VIEWER))
    assert browser.get("/v1/me", headers=shown(viewer)).json()["member"]["name"] == "viewer"
    assert browser.get("/v1/session", headers=shown(viewer)).json()["kind"] == "key"
    problem_of(browser.post("/v1/jobs", json=spec(), headers=shown(viewer)), 403, "not-allowed")
    for wrong in (shown("ayla_" + "x" * 43), {"Authorization": "Basic eDp5"}, {"Authorization": ""}):
        problem_of(browser.get("/v1/me", headers=wrong), 401, "not-authenticated")


def test_a_token_is_no_key_and_a_key_no_token(browser: TestClient, key: str, app: FastAPI) -> None:
    sign_in(browser, key)
    program = another(app)
    problem_of(program.get("/v1/me", headers=shown(token_of(browser))), 401, "not-authenticated")
    problem_of(program.get("/v1/me", headers=with_cookie(key)), 401, "not-authenticated")
    problem_of(browser.post("/v1/session", json={"key": token_of(browser)}), 401, "not-authenticated")


def test_the_cookie_of_another_port_is_another_cookie(browser: TestClient, key: str, app: FastAPI) -> None:
    sign_in(browser, key)
    token = token_of(browser)
    assert browser.get("/v1/me", headers=with_cookie(token)).status_code == 200
    for name in ("ayla_session_8643", "ayla_session_", "ayla_session", "AYLA_SESSION_8642", "__Host-ayla_session_8642"):
        assert another(app).get("/v1/me", headers=with_cookie(token, name)).status_code == 401, name
    beside = another(app, "http://ayla.test:9000")
    assert beside.get("/v1/me", headers=with_cookie(token)).status_code == 401
    assert (
        sign_in(another(app, "http://ayla.test", Origin="http://ayla.test"), key)
        .headers["set-cookie"]
        .startswith("ayla_session_80=")
    )


def test_two_cookies_of_the_name_are_none(browser: TestClient, key: str, app: FastAPI) -> None:
    """A page of another port can set a second one for a path, which browsers send first."""
    sign_in(browser, key)
    token = token_of(browser)
    for cookies in (f"{NAME}={new_session_token()}; {NAME}={token}", f"{NAME}={token}; {NAME}={token}"):
        problem_of(another(app).get("/v1/me", headers={"Cookie": cookies}), 401, "not-authenticated")
    for rubbish in ("", "x", "a" * 44, token + " x", "é" * 43, '"' + token + '"', token[:-1] + "\t"):
        answer = another(app).get("/v1/me", headers={b"Cookie": f"{NAME}={rubbish}".encode()})
        problem_of(answer, 401, "not-authenticated")
    others = {"Cookie": f"theme=dark; {NAME}={token};other={NAME}=x"}
    assert another(app).get("/v1/me", headers=others).status_code == 200


def test_a_service_without_keys_asks_nothing(client: TestClient, database: Database) -> None:
    told = client.get("/v1/session").json()
    assert told == {"kind": "open", "scopes": ["admin", "read", "submit"], "expires_at": None}
    problem_of(client.post("/v1/session", json={"key": "ayla_x"}), 409, "no-keys-yet")
    assert client.delete("/v1/session").status_code == 204
    assert rows(database) == 0
    assert client.get("/v1/jobs", headers=with_cookie("x", "ayla_session_80")).status_code == 200


def test_expired_sessions_are_removed_by_prune_and_by_the_next_sign_in(
    browser: TestClient, app: FastAPI, key: str, database: Database
) -> None:
    for remove in (
        lambda: prune(database, Selection(LIFETIME, FINISHED)),
        lambda: sign_in(another(app, **OWN), key),
    ):
        sign_in(browser, key)
        expire(database, token_of(browser))
        before = rows(database)
        remove()
        with database.read() as session:
            assert not session.scalar(select(func.count()).where(SessionRow.expires_at <= store_now(session)))
        assert rows(database) <= before


def test_a_key_has_so_many_sessions_and_the_oldest_end(key: str, database: Database) -> None:
    key_id = str(holder_of(database, key).key_id)
    other = str(holder_of(database, make_key(database)).key_id)
    with database.write() as session:
        sessions.begin(session, other)
        tokens = [sessions.begin(session, key_id).token for _ in range(MOST_SESSIONS + 2)]
    assert rows(database) == MOST_SESSIONS + 1
    with database.read() as session:
        left = set(session.scalars(select(SessionRow.digest)))
    assert digest_of(tokens[-1]) in left


@pytest.mark.parametrize("end", ["key", "session", "expired", "role"])
def test_the_streams_of_a_session_end_with_it(database: Database, tmp_path: Path, key: str, end: str) -> None:
    job = submit(database)
    member = colleague(database, "watcher", Role.MEMBER)
    own = make_key(database, member, [Scope.READ, Scope.SUBMIT])
    with served(database, tmp_path) as (_, url):
        origin = {"Origin": url}
        browser = httpx2.Client(base_url=url, headers=origin)
        assert browser.post("/v1/session", json={"key": own}).status_code == 201
        cookie = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
        with streamed(url, "/v1/events", Cookie=cookie) as team, streamed(url, "/v1/events", **shown(own)) as by_key:
            assert [team.until("snapshot"), by_key.until("snapshot")]
            match end:
                case "key":
                    revoke(database, LOCAL, holder_of(database, own).key_id)
                case "session":
                    assert browser.delete("/v1/session").status_code == 204
                case "expired":
                    expire(database, cookie.partition("=")[2])
                case _:
                    with database.write() as session:
                        session.get_one(ApiKeyRow, holder_of(database, own).key_id).scopes = ["submit"]
            last = team.rest()[-1]
            assert (last.event, last.data["reason"]) == ("end", "access-ended")
            if end in ("session", "expired"):
                with database.write() as session:
                    session.delete(session.get_one(ApiKeyRow, holder_of(database, own).key_id))
            assert by_key.rest()[-1].data["reason"] == "access-ended"
        assert browser.get("/v1/jobs").status_code in (401, 403)
        browser.close()
    assert job.id
