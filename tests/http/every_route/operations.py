"""Every operation of the contract: the scopes that it needs, and a valid request for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ayla_service.teams.principal import Principal, Scope
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.factories import spec
from tests.keyring import shown

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
