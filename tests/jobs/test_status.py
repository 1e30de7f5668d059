"""What jobs tell about their attempts and about what they wait for, on the store."""

from datetime import timedelta

import pytest
from ayla_service import cursors
from ayla_service.db.models import AttemptRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import InvalidQuery, JobFinished, JobNotFound
from ayla_service.jobs.schemas import AttemptCounts
from ayla_service.queue.attempts import fail, record
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType, RetryPolicy
from sqlalchemy import select, update

from tests.cases import each
from tests.factories import AT_ONCE, WORKER, jobs, progress, submit

pytestmark = pytest.mark.every_store

PATIENT = RetryPolicy(max_attempts=3, pause_seconds=60)


def claimed(database: Database, lease_seconds: float = 30) -> Claim:
    found = claim(database, WORKER, lease_seconds)
    assert found is not None
    return found


def detail_of(database: Database, job_id: str) -> str:
    return jobs(database).get(job_id).status_detail or ""


def test_attempts_are_counted_by_how_they_ended(database: Database) -> None:
    tried, other = submit(database), submit(database)
    fail(database, claimed(database), ErrorType.UNEXPECTED, "Broken.", AT_ONCE)
    claimed(database, lease_seconds=-1)
    reap(database, AT_ONCE)
    last = claimed(database)
    record(database, last, progress(last, 0, 10, finished=True), 30)
    assert jobs(database).get(tried.id).attempts == AttemptCounts(total=3, failed=1, lost=1)
    assert jobs(database).get(other.id).attempts == AttemptCounts(total=0, failed=0, lost=0)
    assert {job.id: job.attempts.total for job in jobs(database).list().items} == {tried.id: 3, other.id: 0}


@pytest.mark.usefixtures("small_shards")
def test_attempts_of_one_moment_are_listed_once_over_pages(database: Database) -> None:
    job = submit(database, seeds=list(range(300)))
    claims = [claimed(database) for _ in range(3)]
    with database.write() as session:
        session.execute(update(AttemptRow).values(started_at=store_now(session)))
    first = jobs(database).attempts(job.id, limit=2)
    rest = jobs(database).attempts(job.id, limit=2, cursor=first.next_cursor)
    assert [attempt.shard_index for attempt in first.items + rest.items] == [0, 1, 2]
    assert {attempt.shard_id for attempt in first.items + rest.items} == {found.shard_id for found in claims}
    assert (len(rest.items), rest.next_cursor) == (1, None)


@each("cursor", ["", "x", "W10", cursors.encode("2026-01-01T00:00:00", 0, 1), cursors.encode("never", 0, 1)])
def test_a_foreign_cursor_of_attempts_is_refused(database: Database, cursor: str) -> None:
    job = submit(database)
    with pytest.raises(InvalidQuery):
        jobs(database).attempts(job.id, cursor=cursor)


@pytest.mark.usefixtures("small_shards")
def test_a_job_waits_for_the_first_of_its_delayed_shards(database: Database) -> None:
    job = submit(database, seeds=list(range(300)))
    for number, seconds in enumerate((90, 60, 120)):
        policy = RetryPolicy(max_attempts=3, pause_seconds=seconds)
        fail(database, claimed(database), ErrorType.UNEXPECTED, f"Error {number}.", policy)
    with database.read() as session:
        first = min(filter(None, session.scalars(select(ShardRow.available_at).where(ShardRow.job_id == job.id))))
    assert detail_of(database, job.id) == (
        f"Waits until {first:%Y-%m-%d %H:%M:%S} UTC for its next attempt; the last one failed: Error 1."
    )


def test_the_last_of_several_errors_is_told(database: Database) -> None:
    job = submit(database)
    fail(database, claimed(database), ErrorType.UNEXPECTED, "The first.", AT_ONCE)
    assert detail_of(database, job.id) == "Waiting for a free worker."
    fail(database, claimed(database), ErrorType.UNEXPECTED, "The second.", PATIENT)
    assert detail_of(database, job.id).endswith("failed: The second.")


def test_each_job_of_a_page_has_its_own_reason(database: Database) -> None:
    waiting, broken = submit(database, device="cuda"), submit(database)
    fail(database, claimed(database), ErrorType.UNEXPECTED, "Broken.", PATIENT)
    running, paused = submit(database), submit(database)
    assert claimed(database).job_id == running.id
    jobs(database).pause(paused.id)
    details = {job.id: job.status_detail or "" for job in jobs(database).list().items}
    assert "CUDA" in details[waiting.id]
    assert details[broken.id].endswith("failed: Broken.")
    assert details[running.id] == ""
    assert details[paused.id].startswith("Paused. ")


def test_a_delay_that_is_over_is_as_good_as_queued(database: Database) -> None:
    job = submit(database)
    fail(database, claimed(database), ErrorType.UNEXPECTED, "Broken.", PATIENT)
    with database.write() as session:
        session.execute(update(ShardRow).values(available_at=store_now(session) - timedelta(seconds=1)))
    assert detail_of(database, job.id) == "Waiting for a free worker."


@pytest.mark.parametrize("unknown", ["nothing", "0" * 36, "\0" * 36, "x" * 10_000])
def test_a_job_that_is_not_there_cannot_be_steered(database: Database, unknown: str) -> None:
    service = jobs(database)
    for refused in (service.pause, service.resume, service.attempts):
        with pytest.raises(JobNotFound):
            refused(unknown)
    with pytest.raises(JobNotFound):
        service.prioritise(unknown, "high")


def test_a_job_that_has_ended_cannot_be_steered(database: Database) -> None:
    job = submit(database)
    jobs(database).cancel(job.id)
    service = jobs(database)
    for refused in (service.pause, service.resume):
        with pytest.raises(JobFinished, match="ended as cancelled"):
            refused(job.id)
    with pytest.raises(JobFinished):
        service.prioritise(job.id, "high")
