"""Every route asks for a key with the right scope.

The routes are found in the contract; one that is new fails here until it is classified.
"""

from ayla_service.dashboard.files import ASSETS
from ayla_service.dashboard.routes import VIEWS
from ayla_service.db.models import JobRow, WebhookRow
from ayla_service.db.session import Database
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, Scope
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from tests.factories import colleague
from tests.http.every_route.operations import (
    ADMIN,
    CHANGES_BY_ANY_KEY,
    GIVEN,
    OF_ALL_MEMBERS,
    OF_SESSIONS,
    READ,
    SCOPES,
    SUBMIT,
    Operation,
    Thing,
)
from tests.http.helpers import problem_of
from tests.keyring import holder_of, make_key, revoke, set_role, shown

WITHOUT_KEY = {"/healthz", "/readyz", "/metrics", "/docs", "/docs/assets", "/docs/start.js", "/openapi.json"}
WITHOUT_KEY |= {"/", f"{ASSETS}/{{version}}/{{name:path}}"}
WITHOUT_KEY |= {f"/{view}{rest}" for view in VIEWS for rest in ("", "/{rest:path}")}


def test_every_operation_is_classified(operations: list[Operation]) -> None:
    assert {operation.name for operation in operations} == set(SCOPES)
    assert set(GIVEN) | CHANGES_BY_ANY_KEY | OF_ALL_MEMBERS <= set(SCOPES)
    for operation in operations:
        looks = operation.method == "GET" or operation.name == "compare_jobs"
        assert looks or SCOPES[operation.name] != {READ}, operation
        assert SCOPES[operation.name] or operation.name in CHANGES_BY_ANY_KEY | OF_SESSIONS, operation


def test_nothing_is_served_that_the_contract_does_not_tell(served: FastAPI, operations: list[Operation]) -> None:
    routes = list(iter_route_contexts(served.routes))
    told = {(operation.method, operation.path) for operation in operations}
    assert {
        (method, route.path) for route in routes if str(route.path).startswith("/v1") for method in route.methods or ()
    } - {("HEAD", path) for _, path in told} == told
    assert {route.path for route in routes if not str(route.path).startswith("/v1")} == WITHOUT_KEY


def test_nobody_is_let_in_without_a_key(client: TestClient, operations: list[Operation], ours: Thing) -> None:
    for operation in operations:
        for key in (None, "ayla_" + "x" * 43):
            answer = operation.request(client, ours, key)
            assert answer.status_code == 401, operation
            problem_of(answer, 401, "not-authenticated")


def test_a_key_without_the_scope_is_refused(
    client: TestClient, operations: list[Operation], ours: Thing, database: Database
) -> None:
    """Each scope for itself: none of them brings another with it."""
    for operation in operations:
        for missing in SCOPES[operation.name]:
            key = make_key(database, LOCAL, set(Scope) - {missing})
            answer = operation.request(client, ours, key)
            assert answer.status_code == 403, (operation, missing)
            assert f"needs the scope '{missing}'" in problem_of(answer, 403, "not-allowed")["detail"]
            revoke(database, LOCAL, holder_of(database, key).key_id)


def test_who_may_not_look_is_told_nothing_that_was_there_before(
    client: TestClient, operations: list[Operation], ours: Thing, database: Database
) -> None:
    """What only those who look know is in no answer, with all other scopes and about one's own things."""
    secret = "a note that nobody else has written"
    with database.write() as session:
        for table, row_id in ((JobRow, ours.ids["job_id"]), (WebhookRow, ours.ids["webhook_id"])):
            row = session.get_one(table, row_id)
            setattr(row, "notes" if table is JobRow else "description", secret)
    key, told = make_key(database, LOCAL, [SUBMIT, ADMIN]), make_key(database)
    assert secret in client.get(ours.path("/v1/jobs/{job_id}"), headers=shown(told)).text
    assert secret in client.get(ours.path("/v1/webhooks/{webhook_id}"), headers=shown(told)).text
    for operation in operations:
        is_about_one = "{job_id}" in operation.path or "{webhook_id}" in operation.path
        if is_about_one and operation.method != "DELETE":
            assert secret not in operation.request(client, ours, key).text, operation


def test_a_viewer_can_change_nothing(
    client: TestClient, operations: list[Operation], ours: Thing, database: Database
) -> None:
    key = make_key(database, colleague(database, "viewer", Role.VIEWER))
    for operation in operations:
        if operation.name in CHANGES_BY_ANY_KEY:
            problem_of(operation.request(client, ours, key), 404, "key-not-found")
        elif SCOPES[operation.name] != {READ} and operation.name not in OF_SESSIONS:
            problem_of(operation.request(client, ours, key), 403, "not-allowed")


def test_a_key_that_may_not_look_can_end_itself_and_finds_no_other(client: TestClient, database: Database) -> None:
    viewer = colleague(database, "submitter of late", Role.MEMBER)
    other = holder_of(database, make_key(database, viewer, [SUBMIT])).key_id
    for scopes, role in (([SUBMIT], Role.MEMBER), ([SUBMIT], Role.VIEWER)):
        set_role(database, viewer, Role.MEMBER)
        key = make_key(database, viewer, scopes)
        own = holder_of(database, key).key_id
        set_role(database, viewer, role)
        for what in ("rotate", "revoke"):
            for path in (f"/v1/keys/{other}/{what}", f"/v1/keys/{'0' * 8}-0000-4000-8000-{'0' * 12}/{what}"):
                problem_of(client.post(path, headers=shown(key)), 404, "key-not-found")
        replaced = client.post(f"/v1/keys/{own}/rotate", json={"overlap_seconds": 60}, headers=shown(key))
        assert replaced.status_code == 201
        assert client.post(f"/v1/keys/{own}/revoke", headers=shown(key)).json()["state"] == "revoked"
        problem_of(client.post(f"/v1/keys/{own}/revoke", headers=shown(key)), 401, "not-authenticated")


def test_a_member_changes_nothing_of_another(
    client: TestClient, operations: list[Operation], ours: Thing, database: Database
) -> None:
    key = make_key(database, colleague(database, "other member", Role.MEMBER))
    tried = set()
    for operation in operations:
        if operation.method == "GET" or "{" not in operation.path or operation.name in OF_ALL_MEMBERS:
            continue
        answer = operation.request(client, ours, key)
        expected = (404, "key-not-found") if "{key_id}" in operation.path else (403, None)
        assert answer.status_code == expected[0], operation
        tried.add(operation.name)
    assert {"change_job", "delete_dataset", "retry_delivery", "remove_member", "rotate_key"} <= tried
