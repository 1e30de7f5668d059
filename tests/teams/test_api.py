"""Members and API keys over HTTP, and what everybody can see of themselves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import Database
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, Scope
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.factories import colleague, spec, stranger, submit_as
from tests.http.helpers import BASE_URL, pointers, problem_of
from tests.keyring import make_key, shown


@pytest.fixture
def admin_key(database: Database) -> str:
    return make_key(database)


@pytest.fixture
def admin(app: FastAPI, admin_key: str) -> Iterator[TestClient]:
    """The built-in member, with a key that may do everything."""
    with TestClient(app, BASE_URL, headers=shown(admin_key)) as client:
        yield client


def add(admin: TestClient, name: str, **fields: Any) -> dict[str, Any]:
    answer = admin.post("/v1/members", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    member: dict[str, Any] = answer.json()
    return member


def in_days(number: float) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat()


def test_everybody_sees_who_they_are(admin: TestClient, database: Database, app: FastAPI) -> None:
    viewer = colleague(database, role=Role.VIEWER)
    key = make_key(database, viewer, expires_at=datetime.now(UTC) + timedelta(days=3))
    me = TestClient(app, BASE_URL, headers=shown(key)).get("/v1/me").json()
    assert (me["member"]["name"], me["member"]["role"]) == ("colleague", "viewer")
    assert (me["team"]["name"], me["team"]["weight"]) == ("default", 1.0)
    assert me["scopes"] == ["read"]
    assert me["key"]["prefix"] == key[:12]
    assert me["key"]["expires_at"] is not None
    assert key not in str(me)


def test_without_keys_everybody_is_the_built_in_member(client: TestClient) -> None:
    me = client.get("/v1/me").json()
    assert (me["member"]["id"], me["key"], me["scopes"]) == (LOCAL.member_id, None, ["admin", "read", "submit"])


def test_limits_are_told_with_what_is_used_of_them(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.get_one(MemberRow, LOCAL.member_id).limits = {"queued_jobs": 3}
        session.get_one(TeamRow, LOCAL.team_id).limits = {"steps": 1000}
    client.post("/v1/jobs", json=spec())
    submit_as(database, colleague(database))
    submit_as(database, stranger(database))
    me, team = client.get("/v1/me").json(), client.get("/v1/team").json()
    assert me["limits"] == {
        "queued_jobs": {"limit": 3, "used": 1},
        "trials": {"limit": None, "used": 2},
        "steps": {"limit": None, "used": 20},
        "stored_bytes": {"limit": None, "used": 0},
        "workers": {"limit": None, "used": 0},
    }
    assert team["limits"]["queued_jobs"] == {"limit": None, "used": 2}
    assert team["limits"]["steps"] == {"limit": 1000, "used": 40}
    assert me["team"] == team


def test_a_member_is_added_and_gets_a_key(admin: TestClient, app: FastAPI) -> None:
    answer = admin.post("/v1/members", json={"name": "alice", "role": "member", "limits": {"trials": 7, "steps": None}})
    alice = answer.json()
    assert answer.headers["location"] == f"/v1/members/{alice['id']}"
    assert (alice["role"], alice["weight"], alice["limits"], alice["removed_at"]) == (
        "member",
        1.0,
        {"trials": 7},
        None,
    )
    assert admin.get(answer.headers["location"]).json() == alice
    made = admin.post("/v1/keys", json={"name": "first", "member_id": alice["id"]}).json()
    mine = TestClient(app, BASE_URL, headers=shown(made["key"]))
    assert mine.get("/v1/me").json()["member"] == alice
    assert mine.post("/v1/jobs", json=spec()).json()["owner"] == "alice"
    problem_of(mine.post("/v1/members", json={"name": "bob"}), 403, "not-allowed")


def test_a_repeated_request_adds_one_member(admin: TestClient) -> None:
    first, again = (
        admin.post("/v1/members", json={"name": "alice"}, headers={"Idempotency-Key": "a"}) for _ in range(2)
    )
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    problem_of(admin.post("/v1/members", json={"name": "alice"}), 409, "member-name-taken")


def test_members_are_changed(admin: TestClient) -> None:
    alice = add(admin, "alice", limits={"trials": 7})
    path = f"/v1/members/{alice['id']}"
    changed = admin.patch(path, json={"role": "viewer", "limits": {"trials": None, "workers": 2}, "weight": 0.5}).json()
    assert changed == alice | {"role": "viewer", "limits": {"workers": 2}, "weight": 0.5}
    assert admin.patch(path, json={}).json() == changed
    assert admin.patch(path, json={"name": "alicia"}).json()["name"] == "alicia"
    problem_of(admin.patch(path, json={"name": "local"}), 409, "member-name-taken")
    problem_of(admin.patch(f"/v1/members/{LOCAL.member_id}", json={"role": "member"}), 409, "last-admin")


def test_a_member_is_removed_at_once(admin: TestClient, app: FastAPI) -> None:
    alice = add(admin, "alice")
    key = admin.post("/v1/keys", json={"name": "k", "member_id": alice["id"]}).json()["key"]
    mine = TestClient(app, BASE_URL, headers=shown(key))
    job = mine.post("/v1/jobs", json=spec()).json()["id"]
    assert admin.delete(f"/v1/members/{alice['id']}").status_code == 204
    problem_of(mine.get("/v1/me"), 401, "not-authenticated")
    assert admin.get(f"/v1/jobs/{job}").json()["owner"] == "alice"
    assert [member["name"] for member in admin.get("/v1/members").json()["data"]] == ["local"]
    assert admin.get(f"/v1/members/{alice['id']}").json()["removed_at"] is not None
    problem_of(admin.delete(f"/v1/members/{alice['id']}"), 404, "member-not-found")
    problem_of(admin.delete(f"/v1/members/{LOCAL.member_id}"), 409, "last-admin")


WRONG_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "/name"),
    ({"name": "a\nb"}, "/name"),
    ({"name": "x" * 101}, "/name"),
    ({"role": "owner"}, "/role"),
    ({"role": 1}, "/role"),
    ({"weight": 0}, "/weight"),
    ({"weight": "2"}, "/weight"),
    ({"limits": {"jobs": 3}}, "/limits/jobs"),
    ({"limits": {"trials": -1}}, "/limits/trials"),
    ({"limits": {"trials": 2**53}}, "/limits/trials"),
    ({"team_id": "x"}, "/team_id"),
    ({"removed_at": None}, "/removed_at"),
]


def test_a_wrong_member_is_refused_field_by_field(client: TestClient) -> None:
    for change, pointer in WRONG_MEMBERS:
        problem = problem_of(client.post("/v1/members", json={"name": "alice"} | change), 422, "invalid-request")
        assert pointers(problem) == [pointer]
        problem = problem_of(client.patch(f"/v1/members/{LOCAL.member_id}", json=change), 422, "invalid-request")
        assert pointers(problem) == [pointer]


def test_members_come_in_pages(client: TestClient) -> None:
    for number in range(4):
        add(client, f"m{number}")
    first = client.get("/v1/members", params={"limit": 3})
    assert [member["name"] for member in first.json()["data"]] == ["local", "m0", "m1"]
    second = client.get(first.headers["link"].partition(">")[0][1:])
    assert [member["name"] for member in second.json()["data"]] == ["m2", "m3"]
    assert second.json()["next_cursor"] is None
    problem_of(client.get("/v1/members", params={"cursor": "x"}), 422, "invalid-request")


def test_a_key_is_told_once(admin: TestClient) -> None:
    answer = admin.post("/v1/keys", json={"name": "nightly", "scopes": ["read"], "expires_at": in_days(9)})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert (made["state"], made["scopes"], made["prefix"]) == ("active", ["read"], made["key"][:12])
    told = {name: value for name, value in made.items() if name != "key"}
    assert admin.get(answer.headers["location"]).json() == told
    assert told in admin.get("/v1/keys").json()["data"]
    for path in ("/v1/keys", f"/v1/keys/{made['id']}", "/v1/me"):
        assert made["key"] not in admin.get(path).text


def test_a_request_that_is_repeated_makes_one_key_and_does_not_tell_it_again(
    admin: TestClient, store_path: Path
) -> None:
    named = {"Idempotency-Key": "one"}
    made = admin.post("/v1/keys", json={"name": "k"}, headers=named).json()
    again = problem_of(admin.post("/v1/keys", json={"name": "k"}, headers=named), 409, "key-told-before")
    assert made["id"] in again["detail"]
    problem_of(admin.post("/v1/keys", json={"name": "other"}, headers=named), 422, "idempotency-key-reused")
    assert len(admin.get("/v1/keys").json()["data"]) == 2
    with closing(sqlite3.connect(store_path)) as store:
        content = "\n".join(store.iterdump())
    assert made["id"] in content
    assert made["key"][13:] not in content
    assert made["key"].encode().hex() not in content.lower()


def test_a_key_is_rotated_with_and_without_a_body(admin: TestClient, app: FastAPI) -> None:
    key = admin.post("/v1/keys", json={"name": "k"}).json()
    first = admin.post(f"/v1/keys/{key['id']}/rotate", json={"overlap_seconds": 60})
    assert first.status_code == 201
    assert first.headers["cache-control"] == "no-store"
    for old_or_new in (key, first.json()):
        assert TestClient(app, BASE_URL, headers=shown(old_or_new["key"])).get("/v1/me").status_code == 200
    second = admin.post(f"/v1/keys/{first.json()['id']}/rotate")
    assert second.status_code == 201
    problem_of(TestClient(app, BASE_URL, headers=shown(first.json()["key"])).get("/v1/me"), 401, "not-authenticated")
    problem_of(admin.post(f"/v1/keys/{first.json()['id']}/rotate"), 409, "key-ended")


def test_a_wrong_rotation_is_refused(admin: TestClient) -> None:
    path = f"/v1/keys/{admin.get('/v1/me').json()['key']['id']}/rotate"
    for body in (b"x", b"[]", b'{"overlap_seconds": 604801}', b'{"overlap_seconds": -1}', b'{"a": 1}'):
        answer = admin.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        problem_of(admin.post(path, content=body), 415, "unsupported-media-type")
    assert admin.get("/v1/me").status_code == 200


def test_a_key_is_revoked_at_once_also_by_itself(admin: TestClient, app: FastAPI) -> None:
    viewer = TestClient(app, BASE_URL)
    made = admin.post("/v1/keys", json={"name": "k", "scopes": ["read"]}).json()
    viewer.headers.update(shown(made["key"]))
    answer = viewer.post(f"/v1/keys/{made['id']}/revoke")
    assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    problem = problem_of(viewer.get("/v1/me"), 401, "not-authenticated")
    assert "revoked" in problem["detail"]
    assert made["key"] not in str(problem)


WRONG_KEYS: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "/name"),
    ({"scopes": []}, "/scopes"),
    ({"scopes": ["root"]}, "/scopes/0"),
    ({"scopes": "read"}, "/scopes"),
    ({"expires_at": "tomorrow"}, "/expires_at"),
    ({"expires_at": 1_900_000_000}, "/expires_at"),
    ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
    ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
    ({"expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
    ({"expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
    ({"member_id": 5}, "/member_id"),
    ({"key": "ayla_mine"}, "/key"),
    ({"digest": "x"}, "/digest"),
]


def test_a_wrong_key_is_refused_field_by_field(admin: TestClient) -> None:
    for change, pointer in WRONG_KEYS:
        problem = problem_of(admin.post("/v1/keys", json={"name": "k"} | change), 422, "invalid-request")
        assert pointers(problem) == [pointer]


def test_the_first_key_is_not_made_over_http(client: TestClient) -> None:
    problem = problem_of(client.post("/v1/keys", json={"name": "k"}), 403, "not-allowed")
    assert "ayla-service keys create" in problem["detail"]
    assert client.get("/v1/me").status_code == 200


def test_keys_come_in_pages_and_of_one_member(admin: TestClient, database: Database) -> None:
    other = colleague(database)
    ids = [make_key(database, other)[:12] for _ in range(3)]
    query: dict[str, Any] = {"member_id": other.member_id, "limit": 2}
    first = admin.get("/v1/keys", params=query)
    second = admin.get("/v1/keys", params=query | {"cursor": first.json()["next_cursor"]})
    seen = [key["prefix"] for page in (first, second) for key in page.json()["data"]]
    assert seen == ids[::-1]
    assert second.json()["next_cursor"] is None


def test_an_admins_key_without_looking_may_not_look(app: FastAPI, database: Database, admin_key: str) -> None:
    only_admin = TestClient(app, BASE_URL, headers=shown(make_key(database, scopes=[Scope.ADMIN])))
    problem = problem_of(only_admin.get("/v1/members"), 403, "not-allowed")
    assert "'read'" in problem["detail"]
    assert only_admin.post("/v1/members", json={"name": "alice"}).status_code == 201
