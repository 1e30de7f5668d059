"""Webhooks over HTTP: made, changed, tried out, and told when a job ends."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from ayla_service.app import create_app
from ayla_service.db.models import WebhookRow
from ayla_service.db.session import Database
from ayla_service.http.authorization import authenticate
from ayla_service.settings import Settings
from ayla_service.states import Role
from ayla_service.teams.principal import Principal
from ayla_service.webhooks.networks import Address, PrivateHosts
from ayla_service.webhooks.repository import MOST_WEBHOOKS
from ayla_service.webhooks.service import WebhookService
from ayla_service.webhooks.target_policy import TargetPolicy
from ayla_service.webhooks.targets import TargetRefused
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import ValidationError
from sqlalchemy import select
from standardwebhooks import Webhook as Verifier

from tests.cases import each
from tests.factories import colleague, spec, stranger
from tests.http.helpers import BASE_URL, pointers, problem_of, with_shared_routes
from tests.waiting import wait_until
from tests.webhooks.hooks import add_delivery, add_webhook
from tests.webhooks.receiving import Answer, Receiver

URL = "https://hooks.example/ayla"
NOBODY = "00000000-0000-4000-8000-0000000000ff"
ADDRESSES = {"hooks.example": "93.184.215.14", "other.example": "93.184.215.15", "inside.example": "10.0.0.7"}


def resolve(host: str, _: float) -> list[Address]:
    if host not in ADDRESSES:
        raise TargetRefused("The host's name could not be resolved.")
    return [ip_address(ADDRESSES[host])]


@pytest.fixture
def app(app: FastAPI, database: Database) -> FastAPI:
    """The application with a small internet of its own."""
    app.state.webhooks = WebhookService(database, TargetPolicy(PrivateHosts(), resolve))
    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Without what is done beside the serving, so that nothing is sent."""
    return TestClient(app, BASE_URL)


@pytest.fixture
def webhook(client: TestClient) -> dict[str, Any]:
    return make(client)


def make(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": URL, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def acting(app: FastAPI, caller: Principal) -> None:
    """Let all that follows be asked by this member."""
    app.dependency_overrides[authenticate] = lambda: caller


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(client: TestClient) -> None:
    answer = client.post("/v1/webhooks", json={"url": URL, "description": "the pager"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/webhooks/{made['id']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": URL,
        "description": "the pager",
        "events": ["job.succeeded", "job.failed", "job.cancelled"],
        "enabled": True,
        "owner": "local",
        "created_at": made["created_at"],
        "rotated_at": None,
    }
    for path in ("/v1/webhooks", f"/v1/webhooks/{made['id']}", f"/v1/webhooks/{made['id']}/deliveries"):
        assert secret not in client.get(path).text
    assert client.get(answer.headers["location"]).json() == made
    assert client.get("/v1/webhooks").json() == {"data": [made], "next_cursor": None}


def test_each_webhook_has_a_secret_of_its_own(client: TestClient) -> None:
    assert make(client)["secret"] != make(client)["secret"]


def test_making_one_is_safe_to_repeat(client: TestClient) -> None:
    first, second = (
        client.post("/v1/webhooks", json={"url": URL}, headers={"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json() == first.json()
    assert len(client.get("/v1/webhooks").json()["data"]) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://inside.example/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://unknown.example/", "could not be resolved"),
        ("http://hooks.example/", "https://"),
        ("https://hooks.example:22/", "port"),
        ("https://me@hooks.example/", "user name"),
        ("https://hooks.example/ /", "characters"),
        ("ftp://hooks.example/", "https://"),
    ],
)
def test_urls_that_may_not_be_sent_to_are_refused(client: TestClient, url: str, reason: str) -> None:
    existing = make(client)["id"]
    for answer in (
        client.post("/v1/webhooks", json={"url": url}),
        client.patch(f"/v1/webhooks/{existing}", json={"url": url}),
    ):
        problem = problem_of(answer, 422, "invalid-request")
        assert pointers(problem) == ["/url"]
        assert reason in problem["detail"]
    assert [row["url"] for row in client.get("/v1/webhooks").json()["data"]] == [URL]


@each(
    ("fields", "pointer"),
    [
        ({"url": ""}, "/url"),
        ({"url": "https://hooks.example/" + "a" * 2000}, "/url"),
        ({"url": 7}, "/url"),
        ({"url": None}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["job.started"]}, "/events/0"),
        ({"events": ["webhook.test"]}, "/events/0"),
        ({"description": "a\nb"}, "/description"),
        ({"description": "a" * 201}, "/description"),
        ({"secret": "whsec_mine"}, "/secret"),
        ({"team_id": NOBODY}, "/team_id"),
    ],
)
def test_fields_that_make_no_sense_are_refused(client: TestClient, fields: dict[str, Any], pointer: str) -> None:
    existing = make(client)["id"]
    made = client.post("/v1/webhooks", json={"url": URL, **fields})
    changed = client.patch(f"/v1/webhooks/{existing}", json=fields)
    for answer in (made, changed):
        assert pointers(problem_of(answer, 422, "invalid-request")) == [pointer]


def test_events_are_told_once_each_and_in_order(client: TestClient) -> None:
    assert make(client, events=["job.failed", "job.succeeded", "job.failed"])["events"] == [
        "job.succeeded",
        "job.failed",
    ]


def test_a_change_changes_what_is_given_and_nothing_else(client: TestClient, webhook: dict[str, Any]) -> None:
    path = f"/v1/webhooks/{webhook['id']}"
    del webhook["secret"]
    assert client.patch(path, json={}).json() == webhook
    for change in (
        {"url": "https://other.example/"},
        {"events": ["job.failed"]},
        {"description": "changed"},
        {"description": None},
        {"enabled": False},
        {"enabled": True},
    ):
        webhook |= change
        assert client.patch(path, json=change).json() == webhook
    assert client.get(path).json() == webhook


def test_the_webhooks_are_listed_newest_first_a_page_at_a_time(client: TestClient) -> None:
    made = [make(client)["id"] for _ in range(3)]
    first = client.get("/v1/webhooks?limit=2")
    assert [row["id"] for row in first.json()["data"]] == made[:0:-1]
    assert first.headers["link"].endswith('; rel="next"')
    second = client.get(f"/v1/webhooks?limit=2&cursor={first.json()['next_cursor']}")
    assert [row["id"] for row in second.json()["data"]] == made[:1]
    assert second.json()["next_cursor"] is None


def test_a_new_secret_signs_beside_the_old_one(client: TestClient, database: Database, webhook: dict[str, Any]) -> None:
    answer = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
    rotated = answer.json()
    assert answer.status_code == 200
    assert rotated["secret"] != webhook["secret"]
    assert rotated["rotated_at"] is not None
    with database.read() as session:
        row = session.scalars(select(WebhookRow)).one()
        assert (row.secret, row.old_secret) == (rotated["secret"], webhook["secret"])


def test_a_team_has_a_limited_number_of_webhooks(client: TestClient, database: Database) -> None:
    add_webhook(database, caller=stranger(database))
    for _ in range(MOST_WEBHOOKS - 1):
        add_webhook(database)
    last = make(client)
    problem_of(client.post("/v1/webhooks", json={"url": URL}), 409, "limit-reached")
    assert client.delete(f"/v1/webhooks/{last['id']}").status_code == 204
    make(client)


def test_a_deleted_webhook_is_gone_with_its_deliveries(
    client: TestClient, database: Database, webhook: dict[str, Any]
) -> None:
    add_delivery(database, webhook["id"])
    assert client.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204
    problem_of(client.get(f"/v1/webhooks/{webhook['id']}"), 404, "webhook-not-found")
    problem_of(client.delete(f"/v1/webhooks/{webhook['id']}"), 404, "webhook-not-found")


def requests(client: TestClient, webhook_id: str, delivery_id: str) -> dict[str, Response]:
    """Every request about a webhook and a delivery."""
    path = f"/v1/webhooks/{webhook_id}"
    return {
        "get": client.get(path),
        "deliveries": client.get(f"{path}/deliveries"),
        "change": client.patch(path, json={"enabled": False}),
        "rotate": client.post(f"{path}/rotate-secret"),
        "test": client.post(f"{path}/test"),
        "retry": client.post(f"{path}/deliveries/{delivery_id}/retry"),
        "delete": client.delete(path),
    }


@pytest.mark.parametrize("webhook_id", [NOBODY, "x", "%00" * 36, "é" * 36, "a" * 500])
def test_what_is_not_there_is_not_found(client: TestClient, webhook_id: str) -> None:
    for answer in requests(client, webhook_id, NOBODY).values():
        problem_of(answer, 404, "webhook-not-found")


def test_webhooks_of_another_team_do_not_exist(client: TestClient, app: FastAPI, database: Database) -> None:
    theirs = add_webhook(database, caller=stranger(database))
    delivery = add_delivery(database, theirs)
    for answer in requests(client, theirs, delivery).values():
        problem_of(answer, 404, "webhook-not-found")
    assert client.get("/v1/webhooks").json()["data"] == []
    mine = make(client)["id"]
    problem_of(client.post(f"/v1/webhooks/{mine}/deliveries/{delivery}/retry"), 404, "delivery-not-found")
    assert client.get(f"/v1/webhooks/{mine}/deliveries").json()["data"] == []


def test_members_see_each_others_webhooks_and_change_their_own(
    client: TestClient, app: FastAPI, database: Database, webhook: dict[str, Any]
) -> None:
    delivery = add_delivery(database, webhook["id"])
    acting(app, colleague(database))
    answers = requests(client, webhook["id"], delivery)
    for name in ("get", "deliveries"):
        assert answers.pop(name).status_code == 200
    for answer in answers.values():
        problem_of(answer, 403, "not-yours")
    acting(app, colleague(database, "admin", Role.ADMIN))
    statuses = {name: answer.status_code for name, answer in requests(client, make(client)["id"], delivery).items()}
    assert statuses == {
        "get": 200,
        "deliveries": 200,
        "change": 200,
        "rotate": 200,
        "test": 409,
        "retry": 409,
        "delete": 204,
    }
    assert client.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204


def test_viewers_look_and_change_nothing(
    client: TestClient, app: FastAPI, database: Database, webhook: dict[str, Any]
) -> None:
    delivery = add_delivery(database, webhook["id"])
    acting(app, colleague(database, "viewer", Role.VIEWER))
    answers = requests(client, webhook["id"], delivery)
    answers["create"] = client.post("/v1/webhooks", json={"url": URL})
    assert client.get("/v1/webhooks").json()["data"][0]["id"] == webhook["id"]
    assert {name for name, answer in answers.items() if answer.status_code == 200} == {"get", "deliveries"}
    for name in answers.keys() - {"get", "deliveries"}:
        problem_of(answers[name], 403, "not-allowed")


def test_deliveries_are_listed_newest_first_a_page_at_a_time(
    client: TestClient, database: Database, webhook: dict[str, Any]
) -> None:
    made = [add_delivery(database, webhook["id"]) for _ in range(3)]
    path = f"/v1/webhooks/{webhook['id']}/deliveries"
    first = client.get(f"{path}?limit=2").json()
    second = client.get(f"{path}?limit=2&cursor={first['next_cursor']}").json()
    assert [row["id"] for row in first["data"] + second["data"]] == made[::-1]
    assert second["next_cursor"] is None
    (row,) = second["data"]
    assert row == {
        "id": made[0],
        "event": "job.succeeded",
        "job_id": None,
        "state": "pending",
        "attempts": 0,
        "created_at": row["created_at"],
        "next_at": row["created_at"],
        "ended_at": None,
        "last_status": None,
        "last_error": None,
    }
    assert pointers(problem_of(client.get(f"{path}?cursor=x"), 422, "invalid-request")) == ["/cursor"]
    assert pointers(problem_of(client.get(f"{path}?state=failed"), 422, "invalid-request")) == ["/state"]


def test_a_disabled_webhook_cannot_be_tried(client: TestClient, database: Database, webhook: dict[str, Any]) -> None:
    delivery = add_delivery(database, webhook["id"])
    client.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": False})
    for path in ("test", f"deliveries/{delivery}/retry"):
        problem_of(client.post(f"/v1/webhooks/{webhook['id']}/{path}"), 409, "webhook-disabled")


@pytest.fixture
def serving(tmp_path: Path, database: Database) -> Iterator[TestClient]:
    """The application as it is served, which may send to this machine."""
    settings = Settings(
        data_dir=tmp_path,
        webhook_private_hosts=["127.0.0.1"],
        webhook_poll_seconds=0.01,
        webhook_retry_seconds=0.001,
    )
    with TestClient(with_shared_routes(create_app(settings, database)), BASE_URL) as client:
        yield client


def delivered(client: TestClient, webhook_id: str, state: str = "delivered") -> dict[str, Any]:
    """The latest delivery, once it is in this state."""
    path = f"/v1/webhooks/{webhook_id}/deliveries"

    def latest() -> dict[str, Any]:
        rows: list[dict[str, Any]] = client.get(path).json()["data"]
        return rows[0] if rows else {}

    wait_until(lambda: latest().get("state") == state, f"a delivery that is {state}")
    return latest()


def test_the_end_of_a_job_is_told(serving: TestClient) -> None:
    with Receiver(Answer(503), Answer(204)) as receiver:
        made = make(serving, url=receiver.url)
        job = serving.post("/v1/jobs", json=spec(name="saddle")).json()["id"]
        serving.post(f"/v1/jobs/{job}/cancel")
        row = delivered(serving, made["id"])
    assert (row["event"], row["job_id"], row["attempts"], row["last_status"]) == ("job.cancelled", job, 2, 204)
    for request in receiver.received:
        told = Verifier(made["secret"]).verify(request.body, request.headers)
        assert (told["type"], told["data"]["url"]) == ("job.cancelled", f"/v1/jobs/{job}")
        assert request.headers["webhook-id"] == row["id"]


def test_a_webhook_is_tried_out_and_a_message_sent_again(serving: TestClient) -> None:
    with Receiver() as receiver:
        made = make(serving, url=receiver.url)
        path = f"/v1/webhooks/{made['id']}"
        answer = serving.post(f"{path}/test")
        assert (answer.status_code, answer.json()["event"]) == (202, "webhook.test")
        row = delivered(serving, made["id"])
        assert row["id"] == answer.json()["id"]
        rotated = serving.post(f"{path}/rotate-secret").json()
        again = serving.post(f"{path}/deliveries/{row['id']}/retry")
        assert (again.status_code, again.json()["state"]) == (202, "pending")
        assert delivered(serving, made["id"])["attempts"] == 2
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == row["id"]
    told = Verifier(made["secret"]).verify(first.body, first.headers)
    assert told["data"] == {"webhook_id": made["id"], "url": path}
    for secret in (made["secret"], rotated["secret"]):
        assert Verifier(secret).verify(second.body, second.headers) == told


def test_a_receiver_that_is_gone_is_switched_off_and_on_again(serving: TestClient) -> None:
    with Receiver(Answer(410), Answer(200)) as receiver:
        made = make(serving, url=receiver.url)
        path = f"/v1/webhooks/{made['id']}"
        serving.post(f"{path}/test")
        row = delivered(serving, made["id"], "failed")
        assert row["last_status"] == 410
        assert serving.get(path).json()["enabled"] is False
        assert serving.patch(path, json={"enabled": True}).json()["enabled"] is True
        serving.post(f"{path}/deliveries/{row['id']}/retry")
        assert delivered(serving, made["id"])["attempts"] == 2


@pytest.mark.parametrize("entry", ["http://hooks", "hooks:80", "10.0.0.1/8", "10.0.0.0/33", "a b", ".", "*.internal"])
def test_private_hosts_that_would_match_nothing_are_refused(entry: str) -> None:
    with pytest.raises(ValidationError):
        Settings(webhook_private_hosts=[entry])


def test_private_hosts_are_names_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_WEBHOOK_PRIVATE_HOSTS", "hooks.internal, my_hook, 10.1.0.0/16, ::1, fd00::/8")
    assert PrivateHosts.of(Settings().webhook_private_hosts).names == {"hooks.internal", "my_hook"}
