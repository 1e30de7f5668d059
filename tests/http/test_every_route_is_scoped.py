"""Every route asks for a key with the right scope, and knows nothing of other teams' things.

The routes are found in the contract; one that is new fails here until it is classified.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.dashboard.files import ASSETS
from ayla_service.dashboard.routes import VIEWS
from ayla_service.db import migrate
from ayla_service.db.models import JobRow, WebhookRow
from ayla_service.db.session import Database
from ayla_service.http import authentication
from ayla_service.http.rate_limits import RateLimitPolicy
from ayla_service.settings import Settings
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, Principal, Scope
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.factories import TWO_BY_TWO, colleague, jobs, spec, stranger, submit_as
from tests.http.helpers import BASE_URL, problem_of, with_shared_routes
from tests.keyring import holder_of, make_key, revoke, set_role, shown
from tests.uploaded import upload, upload_problem
from tests.webhooks.hooks import add_delivery, add_webhook

READ, SUBMIT, ADMIN = Scope.READ, Scope.SUBMIT, Scope.ADMIN

_LOOK, _ADD, _STEER = frozenset({READ}), frozenset({SUBMIT}), frozenset({READ, SUBMIT})
_LEAD = frozenset({ADMIN})

SCOPES: Mapping[str, frozenset[Scope]] = {
    # looking
    **dict.fromkeys(("get_me", "get_team", "get_usage", "get_catalogue", "list_workers"), _LOOK),
    **dict.fromkeys(("list_jobs", "get_job", "list_trials", "list_attempts", "get_trial"), _LOOK),
    **dict.fromkeys(("get_trajectory", "get_metrics", "get_predictions"), _LOOK),
    **dict.fromkeys(("get_trajectories", "get_job_metrics", "get_job_summary", "get_job_curves"), _LOOK),
    **dict.fromkeys(
        ("compare_job", "compare_jobs", "get_previews", "list_figures", "get_figure", "get_jobs_figure"), _LOOK
    ),
    **dict.fromkeys(("get_best", "get_sensitivity", "get_heatmap", "get_settings"), _LOOK),
    **dict.fromkeys(
        ("get_best_of_jobs", "get_sensitivity_of_jobs", "get_heatmap_of_jobs", "get_settings_of_jobs"), _LOOK
    ),
    **dict.fromkeys(("stream_job_events", "stream_events"), _LOOK),
    **dict.fromkeys(("list_webhooks", "get_webhook", "list_deliveries"), _LOOK),
    **dict.fromkeys(("list_datasets", "get_dataset", "preview_dataset", "download_dataset"), _LOOK),
    **dict.fromkeys(("list_members", "get_member", "list_keys", "get_key"), _LOOK),
    **dict.fromkeys(("get_queue", "get_queue_position"), _LOOK),
    # any key can do this to itself, and more only with the scopes read and submit
    **dict.fromkeys(("rotate_key", "revoke_key"), frozenset[Scope]()),
    # how one is let in, and for how long: nothing of the team
    **dict.fromkeys(("sign_in", "get_session", "sign_out"), frozenset[Scope]()),
    # one's own things: answered with no more than what was sent
    **dict.fromkeys(("submit_job", "submit_jobs", "validate_job", "upload_dataset"), _ADD),
    **dict.fromkeys(("create_key", "delete_job", "delete_webhook", "delete_dataset"), _ADD),
    # answered with what was there before, or told of what others do
    **dict.fromkeys(("create_webhook",), _STEER),
    **dict.fromkeys(("clone_job", "recompute_trial", "change_job", "pause_job"), _STEER),
    **dict.fromkeys(("resume_job", "retry_job", "cancel_job"), _STEER),
    **dict.fromkeys(("move_job", "change_webhook", "rotate_webhook_secret", "test_webhook", "retry_delivery"), _STEER),
    # the team
    **dict.fromkeys(("add_member", "remove_member", "pause_queue", "drain_queue", "resume_queue"), _LEAD),
    **dict.fromkeys(("change_member",), _LEAD | _LOOK),
}
"""The scopes that each operation of /v1 needs."""

CHANGES_BY_ANY_KEY = {"rotate_key", "revoke_key"}
"""What needs no scope: a key may always end itself."""

OF_SESSIONS = {"sign_in", "get_session", "sign_out"}
"""What needs no scope either: to begin a session, to see what it may do, and to end it."""

OF_ALL_MEMBERS = {"clone_job", "recompute_trial"}
"""What a member may do with things of another one, and is no looking."""

WITHOUT_KEY = {"/healthz", "/readyz", "/metrics", "/docs", "/docs/assets", "/docs/start.js", "/openapi.json"}
WITHOUT_KEY |= {"/", f"{ASSETS}/{{version}}/{{name:path}}"}
WITHOUT_KEY |= {f"/{view}{rest}" for view in VIEWS for rest in ("", "/{rest:path}")}


@dataclass
class Thing:
    """What a team has, by the name that paths have for its id."""

    ids: dict[str, str]
    key: str
    owner: Principal

    def in_capitals(self) -> "Thing":
        """The same with its ids as some programs write UUIDs."""
        return Thing({name: its_id.upper() for name, its_id in self.ids.items()}, self.key, self.owner)

    def path(self, template: str) -> str:
        """A path with the ids in their places."""
        return template.format_map(self.ids | {"kind": "loss"})


@dataclass
class Operation:
    """An operation of the contract."""

    name: str
    method: str
    path: str
    is_stream: bool

    def request(self, client: TestClient, thing: Thing, key: str | None = None) -> Response:
        """Ask for it, about a thing and with a key."""
        given = GIVEN[self.name](thing) if self.name in GIVEN else {}
        headers = given.pop("headers", {}) | (shown(key) if key else {})
        return client.request(self.method, thing.path(self.path), headers=headers, **given)


GIVEN: Mapping[str, Callable[[Thing], dict[str, Any]]] = {
    "submit_job": lambda _: {"json": spec()},
    "submit_jobs": lambda _: {"json": {"jobs": [spec()]}},
    "validate_job": lambda _: {"json": spec()},
    "clone_job": lambda _: {"json": {}},
    "move_job": lambda _: {"json": {"to": "front"}},
    "change_job": lambda _: {"json": {"name": "changed"}, "headers": {"If-Match": "*"}},
    "compare_jobs": lambda thing: {"json": {"job_ids": [thing.ids["job_id"]]}},
    "get_jobs_figure": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "get_best_of_jobs": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "get_sensitivity_of_jobs": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "get_settings_of_jobs": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "get_heatmap_of_jobs": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "get_previews": lambda thing: {"params": {"job_id": thing.ids["job_id"]}},
    "create_webhook": lambda _: {"json": {"url": "http://127.0.0.1:9/"}},
    "change_webhook": lambda _: {"json": {"description": "changed"}},
    "upload_dataset": lambda _: {
        "content": b"a,b\n1,2\n3,4\n",
        "params": {"name": "new", "format": "csv"},
        "headers": {"Content-Type": "text/csv"},
    },
    "add_member": lambda _: {"json": {"name": "new"}},
    "change_member": lambda _: {"json": {"weight": 2.0}},
    "create_key": lambda _: {"json": {"name": "new"}},
    "sign_in": lambda _: {"json": {"key": "ayla_" + "x" * 43}},
}
"""What the request of an operation has besides its path, so that it is a valid one."""

Elsewhere = Callable[[TestClient, Thing, Thing], Response]

OF_SWEEPS = ("get_best_of_jobs", "get_sensitivity_of_jobs", "get_heatmap_of_jobs", "get_settings_of_jobs")


def _of_their_job(what: str) -> Elsewhere:
    """Ask for an answer about a sweep that is another team's job."""
    return lambda client, ours, theirs: client.get(
        f"/v1/sweeps/{what}", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
    )


IDS_ELSEWHERE: Mapping[tuple[str, str], tuple[Elsewhere, int | None]] = {
    ("compare_jobs", "job_ids"): (
        lambda client, ours, theirs: client.post(
            "/v1/comparisons", json={"job_ids": [theirs.ids["job_id"]]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("get_jobs_figure", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/figures/loss", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    **{
        (f"get_{what}_of_jobs", "job_id"): (_of_their_job(what), 404)
        for what in ("best", "sensitivity", "heatmap", "settings")
    },
    ("get_previews", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/previews", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        None,  # an empty list
    ),
    ("stream_events", "job_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/events", params={"job_id": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("move_job", "before"): (
        lambda client, ours, theirs: client.post(
            ours.path("/v1/jobs/{job_id}/move"), json={"before": theirs.ids["job_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("create_key", "member_id"): (
        lambda client, ours, theirs: client.post(
            "/v1/keys", json={"name": "k", "member_id": theirs.ids["member_id"]}, headers=shown(ours.key)
        ),
        404,
    ),
    ("list_keys", "member_id"): (
        lambda client, ours, theirs: client.get(
            "/v1/keys", params={"member_id": theirs.ids["member_id"]}, headers=shown(ours.key)
        ),
        None,  # an empty list
    ),
}
"""Ids that are not in a path: by operation and field, a request with one of another team, and its status."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """One service for all; requests that are refused change nothing."""
    folder: Path = tmp_path_factory.mktemp("scoped")
    settings = Settings(data_dir=folder, webhook_private_hosts=["127.0.0.1"])
    database = Database(settings.store_url)
    migrate.upgrade(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(authentication, "WRONG_KEYS", RateLimitPolicy(6000, 6000))
        app = with_shared_routes(create_app(settings, database))
        app.middleware_stack = app.build_middleware_stack()
    yield app
    database.dispose()


@pytest.fixture(scope="module")
def database(served: FastAPI) -> Database:
    store: Database = served.state.database
    return store


@pytest.fixture(scope="module")
def client(served: FastAPI, ours: Thing) -> TestClient:
    """A client without a key, of a service that needs one."""
    return TestClient(served, BASE_URL)


@pytest.fixture(scope="module")
def operations(served: FastAPI) -> list[Operation]:
    """What there is under /v1: looking first, removing last."""
    found = [
        Operation(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            is_stream="text/event-stream" in operation["responses"].get("200", {}).get("content", {}),
        )
        for path, methods in served.openapi()["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/v1/")
    ]
    return sorted(found, key=lambda each: ["GET", "POST", "PUT", "PATCH", "DELETE"].index(each.method))


def things_of(database: Database, owner: Principal, name: str) -> Thing:
    """One of everything, of this member."""
    key = make_key(database, owner)
    job = submit_as(database, owner, optimizers=TWO_BY_TWO)
    webhook = add_webhook(database, caller=owner)
    ids = {
        "job_id": job.id,
        "trial_id": jobs(database, caller=owner).trials(job.id).items[0].id,
        "dataset_id": upload(database, name=name, caller=owner).id,
        "webhook_id": webhook,
        "delivery_id": add_delivery(database, webhook),
        "member_id": owner.member_id,
        "key_id": str(holder_of(database, make_key(database, owner)).key_id),
    }
    return Thing(ids, key, owner)


@pytest.fixture(scope="module")
def ours(database: Database) -> Thing:
    """Things of the built-in member, an admin."""
    colleague(database, "second admin", Role.ADMIN)
    return things_of(database, LOCAL, "ours")


@pytest.fixture(scope="module")
def theirs(database: Database) -> Thing:
    """Things of an admin of another team."""
    rival = stranger(database)
    return things_of(database, rival, "theirs")


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


def test_every_id_outside_of_a_path_is_known(served: FastAPI) -> None:
    document = served.openapi()
    found = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            names = [each["name"] for each in operation.get("parameters", []) if each["in"] != "path"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                model = content["schema"].get("$ref", "").rpartition("/")[2]
                names += document["components"]["schemas"].get(model, {}).get("properties", {})
            found |= {
                (operation["operationId"], name) for name in names if name.endswith(("_id", "_ids")) or name == "before"
            }
    assert found == set(IDS_ELSEWHERE)


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


def test_things_of_another_team_do_not_exist(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    tried = set()
    for operation in operations:
        if "{" not in operation.path:
            continue
        for asked, key in ((theirs, ours.key), (ours, theirs.key)):
            answer = operation.request(client, asked, key)
            assert answer.status_code == 404, (operation, answer.text)
            assert answer.json()["type"].endswith("-not-found"), operation
            assert answer.json()["type"] != "urn:ayla:problem:not-found", operation
        tried.add(operation.name)
    assert len(tried) > 30


def test_a_thing_of_ours_does_not_lead_to_one_of_theirs(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    for operation in operations:
        names = [name for name in ours.ids if f"{{{name}}}" in operation.path]
        for name in names[1:]:
            mixed = Thing(ours.ids | {name: theirs.ids[name]}, ours.key, ours.owner)
            assert operation.request(client, mixed, ours.key).status_code == 404, operation


def test_ids_of_another_team_lead_to_nothing_wherever_they_stand(
    client: TestClient, ours: Thing, theirs: Thing
) -> None:
    for name, (request, status) in IDS_ELSEWHERE.items():
        answer = request(client, ours, theirs)
        assert answer.status_code == (status or 200), name
        assert status or answer.json()["data"] == [], name
    for dataset in ("theirs", theirs.ids["dataset_id"]):
        body = spec(problem=upload_problem(dataset=dataset))
        for path in ("/v1/jobs", "/v1/jobs:validate"):
            problem_of(client.post(path, json=body, headers=shown(ours.key)), 422, "invalid-request")


def test_lists_hold_nothing_of_another_team(
    client: TestClient, operations: list[Operation], ours: Thing, theirs: Thing
) -> None:
    lists = [each for each in operations if each.method == "GET" and "{" not in each.path and not each.is_stream]
    assert len(lists) > 8
    secrets = set(theirs.ids.values()) | {theirs.owner.team_id}
    for operation in lists:
        text = operation.request(client, ours, ours.key).text
        assert not [secret for secret in secrets if secret in text], operation
    filtered = client.get("/v1/jobs", params={"owner": theirs.owner.name}, headers=shown(ours.key))
    assert filtered.json()["data"] == []


def test_ids_in_capitals_are_the_same_ids(client: TestClient, operations: list[Operation], ours: Thing) -> None:
    tried = set()
    for operation in operations:
        is_figure = operation.name in ("get_figure", "get_jobs_figure")
        if operation.method != "GET" or "{" not in operation.path or is_figure:
            continue
        asked = Operation(operation.name, "HEAD", operation.path, is_stream=True) if operation.is_stream else operation
        answers = [asked.request(client, thing, ours.key) for thing in (ours, ours.in_capitals())]
        assert answers[0].status_code < 400, operation
        told = [re.sub(r'"(at|now|generated_at|as_of)":"[^"]*"', "", answer.text) for answer in answers]
        assert (answers[0].status_code, told[0]) == (answers[1].status_code, told[1]), operation
        tried.add(operation.name)
    assert len(tried) > 15
    for name, (request, _) in IDS_ELSEWHERE.items():
        if name[0] not in ("stream_events", "get_jobs_figure", *OF_SWEEPS):
            answer = request(client, ours, ours.in_capitals())
            assert answer.status_code in ((200, 201) if name[0] != "move_job" else (409,)), (name, answer.text)
            assert answer.json().get("data") != [], name
    params = {"job_id": ours.ids["job_id"].upper()}
    assert client.head("/v1/events", params=params, headers=shown(ours.key)).status_code == 200
    twice = {"job_ids": [ours.ids["job_id"], params["job_id"]]}
    problem_of(client.post("/v1/comparisons", json=twice, headers=shown(ours.key)), 422, "invalid-request")
    by_id = upload_problem(dataset=ours.ids["dataset_id"].upper())
    with_id = upload_problem(dataset="ours", id=ours.ids["dataset_id"].upper())
    for problem in (by_id, with_id):
        found = client.post("/v1/jobs:validate", json=spec(problem=problem), headers=shown(ours.key))
        assert found.json()["resolved"]["problem"]["dataset"]["id"] == ours.ids["dataset_id"]


def test_what_is_refused_to_others_is_there_for_us(
    client: TestClient, operations: list[Operation], ours: Thing
) -> None:
    """Else the tests above would be passed by routes that find nothing at all. The last, as it changes everything."""
    for operation in operations:
        if operation.is_stream or operation.name in ("sign_in", "sign_out"):
            continue
        status = operation.request(client, ours.in_capitals(), ours.key).status_code
        assert status < 500, operation
        assert status not in (401, 403, 404, 405, 422, 429) or operation.name == "get_figure", (operation, status)
