"""Deliveries that are due are taken by one process at a time, and no receiver holds up another."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from ayla_service.db.models import ShardRow, WebhookDeliveryRow, WebhookRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue import outbox
from ayla_service.queue.lifecycle import end_finished_jobs
from ayla_service.webhooks import concurrency
from ayla_service.webhooks import deliveries as due
from ayla_service.webhooks.concurrency import ConcurrencyLimits
from ayla_service.webhooks.deliveries import MOST_ATTEMPTS, ClaimedDelivery, DeliveryOutcome, retry_delay
from ayla_service.webhooks.sending import Reply
from ayla_service.webhooks.signing import new_secret
from sqlalchemy import delete, select, update

from tests.factories import jobs, stranger, submit
from tests.waiting import PATIENCE_SECONDS
from tests.webhooks.hooks import add_delivery, add_webhook, deliveries, pass_time

pytestmark = pytest.mark.every_store

RECEIVED = Reply(204, None)
FAILED = Reply(500, "The receiver answered 500.")


def claim(database: Database) -> list[ClaimedDelivery]:
    return due.claim(database, ConcurrencyLimits())


def record(database: Database, taken: ClaimedDelivery, reply: Reply) -> None:
    due.record(database, [DeliveryOutcome(taken, reply)], first_delay=5.0)


def enabled(database: Database, webhook_id: str) -> bool:
    with database.read() as session:
        return bool(session.scalar(select(WebhookRow.enabled).where(WebhookRow.id == webhook_id)))


def test_410_gone_of_an_old_address_disables_nothing(database: Database) -> None:
    webhook = add_webhook(database)
    add_delivery(database, webhook)
    (taken,) = claim(database)
    with database.write() as session:
        session.execute(update(WebhookRow).values(url="http://127.0.0.1:9/other"))
    record(database, taken, Reply(410, "The receiver answered 410."))
    assert enabled(database, webhook)


def test_what_is_being_sent_is_nobody_elses_until_its_sender_is_silent(database: Database) -> None:
    add_delivery(database, add_webhook(database))
    (first,) = claim(database)
    assert claim(database) == []
    pass_time(database)  # the sender was killed
    (second,) = claim(database)
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)
    record(database, first, RECEIVED)  # it was not killed, only slow
    assert deliveries(database)[0].state == "pending"
    record(database, second, FAILED)
    assert deliveries(database)[0].last_status == 500
    record(database, second, RECEIVED)
    record(database, second, FAILED)
    assert deliveries(database)[0].state == "delivered", "that is the end of it"


def test_processes_that_ask_at_once_get_different_deliveries(database: Database) -> None:
    for _ in range(4):
        webhook = add_webhook(database)
        for _ in range(2):
            add_delivery(database, webhook)
    with ThreadPoolExecutor(4) as pool:
        taken = [one for some in pool.map(lambda _: claim(database), range(8)) for one in some]
    assert len(taken) == len({one.id for one in taken}) == 8


def test_only_what_is_due_is_sent_the_longest_due_first(database: Database) -> None:
    webhook = add_webhook(database)
    first, second, later = (add_delivery(database, webhook) for _ in range(3))
    with database.write() as session:
        row = session.get_one(WebhookDeliveryRow, later)
        row.next_at = store_now(session) + timedelta(minutes=1)
    chosen: list[str] = []

    class Watched(ConcurrencyLimits):
        def choose(self, due: Any) -> list[str]:
            chosen.extend(super().choose(due))
            return chosen

    assert {taken.id for taken in due.claim(database, Watched())} == {first, second}
    assert chosen == [first, second]


def test_a_slow_receiver_and_a_busy_team_leave_room_for_others(database: Database) -> None:
    slow, other = add_webhook(database), add_webhook(database)
    for _ in range(concurrency.WEBHOOK_AT_ONCE + 3):
        add_delivery(database, slow)
    urgent = add_delivery(database, other)
    rivals = add_delivery(database, add_webhook(database, caller=stranger(database)))
    here = ConcurrencyLimits()
    taken = due.claim(database, here)
    assert [one.webhook_id for one in taken].count(slow) == concurrency.WEBHOOK_AT_ONCE
    assert {urgent, rivals} <= {one.id for one in taken}
    for one in taken:
        here.start(one.webhook_id, one.team_id)
    assert due.claim(database, here) == []
    here.finish(slow, taken[0].team_id)
    assert [one.webhook_id for one in due.claim(database, here)] == [slow]


def test_a_crowd_of_one_receiver_does_not_hide_the_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_LOOKED_AT", 5)
    slow = add_webhook(database)
    for _ in range(10):
        add_delivery(database, slow)
    other = add_delivery(database, add_webhook(database))
    here = ConcurrencyLimits()
    for one in due.claim(database, here):
        here.start(one.webhook_id, one.team_id)
    assert [one.id for one in due.claim(database, here)] == [other]


def test_a_team_has_a_part_of_the_room_and_all_have_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "TEAM_AT_ONCE", 2)
    monkeypatch.setattr(concurrency, "AT_ONCE", 3)
    here = ConcurrencyLimits()
    wanted = [(f"{team}{number}", f"{team}{number}", team) for number in range(3) for team in "abc"]
    assert here.choose(wanted) == ["a0", "b0", "c0"]
    here.start("a0", "a")
    here.start("a1", "a")
    assert here.choose(wanted) == ["b0"]
    assert (here.used, here.full_teams) == (2, ["a"])


def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(database: Database) -> None:
    old, new = new_secret(), new_secret()
    with database.write() as session:
        now = store_now(session)
    webhook = add_webhook(database, secret=new, old_secret=old, rotated_at=now - timedelta(hours=23))
    add_delivery(database, webhook)
    assert claim(database)[0].secrets == (new, old)
    with database.write() as session:
        session.execute(update(WebhookRow).values(rotated_at=now - timedelta(hours=25)))
    pass_time(database)
    assert claim(database)[0].secrets == (new,)


def test_a_webhook_that_is_deleted_while_a_job_ends_does_not_keep_it_from_ending(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL both go on at once, and the row could be gone when a delivery for it is written."""
    webhook, job = add_webhook(database), submit(database)
    deleted, look = threading.Event(), outbox._jobs

    def remove() -> None:
        with database.write() as session:
            session.execute(delete(WebhookRow).where(WebhookRow.id == webhook))
        deleted.set()

    def meanwhile(*arguments: Any) -> Any:
        thread.start()
        assert not deleted.wait(0.2), "it has to wait for the end of the job"
        return look(*arguments)

    thread = threading.Thread(target=remove)
    monkeypatch.setattr(outbox, "_jobs", meanwhile)
    with database.write() as session:
        session.execute(update(ShardRow).values(state="succeeded"))
        end_finished_jobs(session, [job.id], store_now(session))
    assert deleted.wait(PATIENCE_SECONDS)
    thread.join(PATIENCE_SECONDS)
    assert jobs(database).get(job.id).state == "succeeded"
    assert deliveries(database) == []


def test_what_another_process_takes_while_one_looks_is_left_to_it(database: Database) -> None:
    if database.is_sqlite:
        return  # one writes at a time
    add_delivery(database, add_webhook(database))
    others: list[ClaimedDelivery] = []

    class Slow(ConcurrencyLimits):
        def choose(self, due: Any) -> list[str]:
            others.extend(claim(database))
            return super().choose(due)

    assert due.claim(database, Slow()) == []
    assert [one.attempt for one in others] == [1]


def test_the_pauses_span_days_and_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_SPREAD", 0.0)
    planned = [retry_delay(attempts, 5.0) for attempts in range(1, MOST_ATTEMPTS + 1)]
    hours = [2, 5, 10, 14, 20, 24]
    assert planned == [5.0, 300.0, 1800.0, *(hour * 3600.0 for hour in hours), None]
    assert retry_delay(1, 5.0, retry_after=120.0) == 120.0
    assert retry_delay(2, 5.0, retry_after=120.0) == 300.0
    assert retry_delay(1, 5.0, retry_after=99_999.0) == 24 * 3600.0
    monkeypatch.undo()
    varied = {retry_delay(1, 5.0) for _ in range(20)}
    assert len(varied) > 1
    assert all(seconds is not None and 5.0 <= seconds <= 5.5 for seconds in varied)


def test_a_receiver_that_asks_for_a_pause_gets_it(database: Database) -> None:
    add_delivery(database, add_webhook(database))
    record(database, claim(database)[0], Reply(429, "The receiver answered 429.", 3600.0))
    (row,) = deliveries(database)
    assert row.next_at is not None
    assert row.next_at - row.created_at >= timedelta(hours=1)
