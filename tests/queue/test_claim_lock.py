"""The lock by which claims wait for each other: who waits, for how long, and what is safe without waiting."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database, store_is_away
from ayla_service.queue import attempts
from ayla_service.queue.claim_lock import CLAIM_LOCK, lock_claims
from ayla_service.queue.claims import WorkerIdentity, claim, claim_pack
from ayla_service.queue.policy import PackLimits
from ayla_service.states import ShardState
from sqlalchemy import delete, event, make_url, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.factories import WORKER, progress, stranger, submit, submit_as
from tests.queue.queueing import LEASE, claim_one

pytestmark = pytest.mark.every_store


def test_a_frozen_claim_keeps_others_waiting_for_a_while_only(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    submit(database)
    options = {"options": "-c idle_in_transaction_session_timeout=600ms"}
    frozen_worker = Database(make_url(database.url).update_query_dict(options).render_as_string(hide_password=False))
    with frozen_worker.read() as frozen:
        lock_claims(frozen)
        assert frozen.scalar(text("SHOW idle_in_transaction_session_timeout")) == "200ms"
        assert claim(database, WORKER, LEASE) is not None, "once the frozen one is ended"
        with pytest.raises(DBAPIError) as ended:
            frozen.execute(text("SELECT 1"))
    frozen_worker.dispose()
    assert store_is_away(ended.value), "its worker looks again"


def test_the_lock_of_claims_is_let_go_at_the_end(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    submit(database)
    claim_one(database)
    with database.read() as session:
        free = select(text("pg_try_advisory_xact_lock(:lock)")).params(lock=CLAIM_LOCK)
        assert session.scalar(free)
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10min"


def test_who_finds_nothing_to_claim_keeps_nobody_waiting(database: Database) -> None:
    """However many are idle: who looks waits for no claim, and no claim for who looks."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    options = {"options": "-c lock_timeout=1ms"}
    hurried = Database(make_url(database.url).update_query_dict(options).render_as_string(hide_password=False))
    with database.write() as session:
        lock_claims(session)
        assert claim(hurried, WORKER, LEASE) is None
    hurried.dispose()


def test_a_claim_waits_for_its_turn_for_longer_than_for_any_other_lock(database: Database) -> None:
    """Those who gave up would all come again at once, and keep the others from it even longer."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    submit(database)
    options = {"options": "-c lock_timeout=2s"}
    hurried = Database(make_url(database.url).update_query_dict(options).render_as_string(hide_password=False))
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            lock_claims(session)
            claimed = pool.submit(claim, hurried, WORKER, LEASE)
            time.sleep(2.5)
        assert claimed.result() is not None
    with hurried.write() as session:
        lock_claims(session)
        assert session.scalar(text("SHOW lock_timeout")) == "12s"
    hurried.dispose()


def test_a_claim_makes_others_wait_for_few_answers(database: Database) -> None:
    """How long the lock is held is how fast claims can be; each statement is a way to the server and back."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    other = stranger(database)
    for _ in range(6):
        submit(database)
        submit_as(database, other)
    small = PackLimits(shards=10, seconds=100.0, small_seconds=10.0)
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    assert len(claim_pack(database, WORKER, LEASE, small)) == 10
    lock = next(place for place, statement in enumerate(said) if "pg_advisory_xact_lock" in statement)
    assert len(said[lock + 1 :]) <= 7, said


def test_a_claim_does_not_wait_for_the_disk_and_what_it_is_for_does(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    with database.write() as session:
        lock_claims(session)
        assert session.scalar(text("SHOW synchronous_commit")) == "off"
    with database.write() as session:
        assert session.scalar(text("SHOW synchronous_commit")) == "on"


def test_an_attempt_that_the_store_forgot_stores_nothing(database: Database) -> None:
    """As after the loss of a server that had not yet written the claim to its disk."""
    job = submit(database)
    forgotten = claim_one(database)
    with database.write() as session:
        session.execute(delete(AttemptRow))
        unclaimed = {"state": ShardState.QUEUED, "attempt": 0, "lease_expires_at": None}
        session.execute(update(ShardRow).where(ShardRow.job_id == job.id).values(unclaimed))
    with pytest.raises(attempts.LeaseLost):
        attempts.record(database, forgotten, progress(forgotten, 0, 4), LEASE)
    again = claim(database, WorkerIdentity("other:1", WORKER.devices, {}), LEASE)
    assert again is not None
    assert again.attempt == forgotten.attempt
    with pytest.raises(attempts.LeaseLost):
        attempts.record(database, forgotten, progress(forgotten, 0, 10, finished=True), LEASE)
    attempts.record(database, again, progress(again, 0, 10, finished=True), LEASE)
