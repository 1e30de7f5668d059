"""The lock by which claims wait for each other: who waits, for how long, and what is safe without waiting."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_is_away
from ayla_service.queue import attempts, claim_lock, claims
from ayla_service.queue.claim_lock import CLAIM_LOCK, lock_claims
from ayla_service.queue.claimed import Claim, claims_of
from ayla_service.queue.claims import WorkerIdentity, claim, claim_pack
from ayla_service.queue.policy import ALONE, PackLimits
from ayla_service.states import ShardState
from sqlalchemy import delete, event, make_url, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.factories import WORKER, progress, stranger, submit, submit_as
from tests.queue.queueing import LEASE, claim_one

pytestmark = pytest.mark.every_store


COMMIT = "COMMIT"


def statements(database: Database) -> list[str]:
    """What is said to the store from now on, with the ends of what is written."""
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    event.listen(database.engine, "commit", lambda _: said.append(COMMIT))
    return said


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


def test_a_line_that_is_full_is_left_and_come_back_to(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come at once, each gets its turn, and few of them wait in the store."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    monkeypatch.setattr(claim_lock, "_LOCK", claim_lock._lock_statement(places=2))
    for _ in range(12):
        submit(database)
    at_once = Barrier(6)

    def two(number: int) -> list[Claim | None]:
        at_once.wait()
        return [claim(database, WorkerIdentity(f"one of many:{number}", WORKER.devices, {}), LEASE) for _ in range(2)]

    with ThreadPoolExecutor(6) as pool:
        found = [claimed for some in pool.map(two, range(6)) for claimed in some]
    assert len({claimed.shard_id for claimed in found if claimed is not None}) == 12


def test_who_finds_the_line_full_for_long_gives_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is told to stop looks whether it was, between two claims."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    monkeypatch.setattr(claim_lock, "_LOCK", claim_lock._lock_statement(places=1))
    monkeypatch.setattr(claims, "_LINE_SECONDS", 0.0)
    submit(database)
    with database.write() as session:
        lock_claims(session)
        assert claim(database, WORKER, LEASE) is None
    assert claim(database, WORKER, LEASE) is not None


def test_a_claim_makes_others_wait_for_few_answers(database: Database) -> None:
    """How long the lock is held is how fast claims can be; each statement is a way to the server and back."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such lock")
    other = stranger(database)
    for _ in range(6):
        submit(database)
        submit_as(database, other)
    small = PackLimits(shards=10, seconds=100.0, small_seconds=10.0)
    said = statements(database)
    assert len(claim_pack(database, WORKER, LEASE, small)) == 10
    lock = next(place for place, statement in enumerate(said) if "pg_advisory_xact_lock" in statement)
    assert len(said[lock + 1 : said.index(COMMIT)]) <= 7, said


LARGE = ("resolved_spec", "job_points", "checkpoints", "trial_summaries")
"""What can be large of a claim: the spec, the points that were drawn, and what earlier attempts have stored."""


def test_nothing_large_is_read_while_others_wait(database: Database) -> None:
    rate = {"low": 1e-4, "high": 0.1, "scale": "log"}
    submit(database, optimizers=[{"name": "adam", "learning_rate": rate}], search={"design": "sobol", "settings": 4})
    first = claim_one(database)
    attempts.record(database, first, progress(first, 0, 4), LEASE)
    attempts.release(database, first)
    said = statements(database)
    second = claim_one(database)
    assert second.spec == first.spec
    assert second.trials.columns["learning_rate"].tolist() == first.trials.columns["learning_rate"].tolist()
    assert [saved.step for saved in second.saved] == [5]
    locked, after = "\n".join(said[: said.index(COMMIT)]), "\n".join(said[said.index(COMMIT) :])
    assert [name for name in LARGE if name in locked] == []
    assert [name for name in LARGE if name in after] == list(LARGE)


def test_a_claim_of_a_job_that_is_deleted_meanwhile_is_none(database: Database) -> None:
    job = submit(database)
    (taken,) = claims.take_pack(database, WORKER, LEASE, ALONE)
    with database.write() as session:
        session.execute(delete(JobRow).where(JobRow.id == job.id))
    assert claims_of(database, [taken]) == ()


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
