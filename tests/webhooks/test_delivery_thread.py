"""Messages are sent until they are received, beside the serving of the API.

On SQLite alone: what differs between the stores is in the tests of taking deliveries and recording what became of them.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db.models import ShardRow, WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.lifecycle import end_finished_jobs
from ayla_service.settings import Settings
from ayla_service.webhooks import deliveries as due
from ayla_service.webhooks.deliveries import MOST_ATTEMPTS
from ayla_service.webhooks.delivery_thread import THREAD_NAME, DeliveryThread
from ayla_service.webhooks.sending import Reply, Sender
from ayla_service.webhooks.signing import new_secret
from ayla_service.webhooks.target_policy import TargetPolicy
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from standardwebhooks import Webhook as Verifier
from structlog.typing import EventDict

from tests.factories import submit
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.webhooks.hooks import add_delivery, add_webhook, deliveries
from tests.webhooks.receiving import Answer, Receiver, nobody, raw_receiver

pytestmark = pytest.mark.every_store

RECEIVED = Reply(204, None)


@pytest.fixture
def database(store_path: Path) -> Iterator[Database]:
    store = Database(f"sqlite:///{store_path}")
    yield store
    store.dispose()


@contextmanager
def delivering(database: Database, sender: Sender | None = None, **settings: Any) -> Iterator[DeliveryThread]:
    quick: dict[str, Any] = {"webhook_poll_seconds": 0.01, "webhook_private_hosts": ["127.0.0.0/8"], **settings}
    with DeliveryThread(database, Settings(**quick), sender) as thread:
        yield thread


def wait_until_ended(database: Database, number: int = 1) -> list[WebhookDeliveryRow]:
    """The deliveries, once that many have ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sum(row.ended_at is not None for row in deliveries(database)) < number:
        assert time.monotonic() < deadline, [(row.state, row.last_error) for row in deliveries(database)]
        time.sleep(0.01)
    return deliveries(database)


def test_the_end_of_a_job_reaches_its_receiver_signed(database: Database) -> None:
    secret = new_secret()
    with Receiver() as receiver, delivering(database):
        add_webhook(database, url=receiver.url, secret=secret)
        job = submit(database, name="Bézier")
        with database.write() as session:
            session.execute(update(ShardRow).values(state="succeeded"))
            end_finished_jobs(session, [job.id], store_now(session))
        (row,) = wait_until_ended(database)
    (received,) = receiver.received
    told = Verifier(secret).verify(received.body, received.headers)
    assert told == row.payload
    assert told["data"]["name"] == "Bézier"
    assert received.headers["webhook-id"] == row.id
    assert (row.state, row.attempts, row.last_status, row.last_error) == ("delivered", 1, 204, None)
    assert row.next_at is None


def test_what_is_not_received_is_sent_again_under_the_same_id(database: Database) -> None:
    secret = new_secret()
    with Receiver(Answer(500), Answer(302), Answer(200)) as receiver:
        add_delivery(database, add_webhook(database, url=receiver.url, secret=secret))
        with delivering(database, webhook_retry_seconds=0.0001):
            (row,) = wait_until_ended(database)
    assert (row.state, row.attempts, row.last_status, row.last_error) == ("delivered", 3, 200, None)
    assert [request.headers["webhook-id"] for request in receiver.received] == [row.id] * 3
    assert len({request.body for request in receiver.received}) == 1
    for request in receiver.received:
        Verifier(secret).verify(request.body, request.headers)


def test_what_is_never_received_is_given_up(database: Database) -> None:
    with Receiver(Answer(503)) as receiver:
        add_delivery(database, add_webhook(database, url=receiver.url))
        with delivering(database, webhook_retry_seconds=1e-9):
            (row,) = wait_until_ended(database)
    assert (row.state, row.attempts, row.last_status) == ("failed", MOST_ATTEMPTS, 503)
    assert row.last_error == "The receiver answered 503."
    assert len(receiver.received) == MOST_ATTEMPTS


def test_a_receiver_that_is_away_is_tried_again_later(database: Database, events: list[EventDict]) -> None:
    add_delivery(database, add_webhook(database, url=nobody() + "?token=secret"))
    with delivering(database):
        wait_until(lambda: deliveries(database)[0].last_error is not None)
    (row,) = deliveries(database)
    assert (row.state, row.attempts, row.last_status) == ("pending", 1, None)
    assert row.last_error == "The receiver refused the connection."
    assert row.next_at is not None
    assert timedelta(seconds=4) < row.next_at - row.created_at < timedelta(seconds=60)
    (told,) = [entry for entry in events if entry["event"] == "webhook not delivered"]
    assert told["delivery_id"] == row.id
    assert "secret" not in str(events), "URLs can hold what no log should"


def test_a_private_receiver_that_nobody_has_listed_gets_nothing(database: Database) -> None:
    with Receiver() as receiver:
        add_delivery(database, add_webhook(database, url=receiver.url.replace("http:", "https:")))
        with delivering(database, webhook_private_hosts=[]):
            wait_until(lambda: deliveries(database)[0].last_error is not None)
    assert receiver.received == []
    assert "port" in str(deliveries(database)[0].last_error)


def test_410_gone_disables_the_webhook(database: Database) -> None:
    with Receiver(Answer(410)) as receiver:
        webhook = add_webhook(database, url=receiver.url)
        add_delivery(database, webhook)
        with delivering(database):
            (row,) = wait_until_ended(database)
            add_delivery(database, webhook)
            wait_until_ended(database, 2)
    assert (row.state, row.attempts, row.last_status) == ("failed", 1, 410)
    assert not enabled(database, webhook)
    assert len(receiver.received) == 1
    assert "disabled" in str(deliveries(database)[1].last_error)


def enabled(database: Database, webhook_id: str) -> bool:
    with database.read() as session:
        return bool(session.scalar(select(WebhookRow.enabled).where(WebhookRow.id == webhook_id)))


class Scripted(Sender):
    """Sends nothing, and does what a test wants instead."""

    def __init__(self, behaviour: Any) -> None:
        self._behaviour = behaviour

    def send(self, url: str, headers: Any, body: bytes) -> Reply:
        reply: Reply = self._behaviour(json.loads(body))
        return reply


def test_what_goes_wrong_inside_is_an_attempt_that_failed(database: Database, events: list[EventDict]) -> None:
    def break_down(_: Any) -> Reply:
        raise ZeroDivisionError

    add_delivery(database, add_webhook(database))
    with delivering(database, Scripted(break_down)):
        wait_until(lambda: deliveries(database)[0].last_error is not None)
    assert deliveries(database)[0].state == "pending"
    assert [entry["log_level"] for entry in events if entry["event"] == "unexpected error"] == ["error"]


def test_an_outcome_is_kept_while_the_store_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or everything that was received would be sent again."""
    sent: list[Any] = []
    failing = [OperationalError("", None, Exception("away"))] * 3

    def send(payload: Any) -> Reply:
        sent.append(payload)
        return RECEIVED

    def flaky(*arguments: Any) -> None:
        if failing:
            raise failing.pop()
        due.record(*arguments)

    monkeypatch.setattr("ayla_service.webhooks.delivery_thread.record", flaky)
    monkeypatch.setattr("ayla_service.webhooks.delivery_thread._AFTER_A_FAULT_SECONDS", 0.01)
    add_delivery(database, add_webhook(database))
    with delivering(database, Scripted(send)):
        (row,) = wait_until_ended(database)
    assert (row.state, row.attempts, len(sent)) == ("delivered", 1, 1)


def test_a_process_that_stops_stores_what_comes_back_in_time(database: Database) -> None:
    begun, leave = threading.Event(), threading.Event()

    def slowly(_: Any) -> Reply:
        begun.set()
        leave.wait(PATIENCE_SECONDS)
        return RECEIVED

    add_delivery(database, add_webhook(database))
    with delivering(database, Scripted(slowly)) as thread:
        assert begun.wait(PATIENCE_SECONDS)
        thread.stopping.set()
        leave.set()
    assert deliveries(database)[0].state == "delivered"


def test_a_process_that_stops_does_not_wait_for_slow_receivers(database: Database) -> None:
    answer = threading.Event()

    def answer_late(_connection: socket.socket) -> None:
        answer.wait(PATIENCE_SECONDS)

    with raw_receiver(answer_late) as url:
        add_delivery(database, add_webhook(database, url=url))
        sender = Sender(TargetPolicy.allowing(["127.0.0.0/8"]), timeout_seconds=PATIENCE_SECONDS)
        with delivering(database, sender, shutdown_seconds=0.1):
            wait_until(lambda: deliveries(database)[0].attempts == 1)
        assert deliveries(database)[0].state == "pending"
        answer.set()


def test_an_idle_thread_ends_at_once(database: Database) -> None:
    with delivering(database, webhook_poll_seconds=2 * PATIENCE_SECONDS):
        assert any(thread.name == THREAD_NAME for thread in threading.enumerate())
    assert not any(thread.name == THREAD_NAME for thread in threading.enumerate())


def test_old_deliveries_are_forgotten_on_the_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ayla_service.webhooks.delivery_thread._FORGETS_EVERY_SECONDS", 0.0)
    add_delivery(database, add_webhook(database))
    with database.write() as session:
        then = store_now(session) - timedelta(days=8)
        session.execute(update(WebhookDeliveryRow).values(state="failed", next_at=None, ended_at=then))
    with delivering(database):
        wait_until(lambda: deliveries(database) == [])
