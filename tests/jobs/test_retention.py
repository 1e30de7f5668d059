"""Old jobs are removed with all that belongs to them, and nothing else is."""

import uuid
from datetime import timedelta

import pytest
from ayla_service.db.models import (
    AttemptRow,
    Base,
    ChunkRow,
    IdempotencyKeyRow,
    JobLabelRow,
    JobRow,
    MetricChunkRow,
    PredictionSetRow,
    ShardRow,
    TrialIdRow,
    TrialSummariesRow,
    WorkerRow,
)
from ayla_service.db.session import Database, store_now
from ayla_service.jobs import retention
from ayla_service.jobs.retention import Removed, Selection, count, prune, vacuum
from ayla_service.queue.claims import claim
from ayla_service.queue.workers import register
from ayla_service.states import JobState
from ayla_service.trials.columns import encode_summaries
from sqlalchemy import func, select, update

from tests.factories import WORKER, indices, jobs, spec, submit, summaries
from tests.queue.test_workers import facts

pytestmark = pytest.mark.every_store

MONTH = Selection(timedelta(days=30))


def finished(database: Database, days_ago: float, **changes: object) -> str:
    """A job of two trials that succeeded so long ago, with an attempt and a trajectory for each trial."""
    job_id = submit(database, **changes).id
    claimed = claim(database, WORKER, 30.0)
    assert claimed is not None
    with database.write() as session:
        now = store_now(session)
        session.execute(
            update(AttemptRow).values(outcome="succeeded", ended_at=now).where(AttemptRow.ended_at.is_(None))
        )
        of_job = update(ShardRow).where(ShardRow.job_id == job_id)
        session.execute(of_job.values(state="succeeded", lease_expires_at=None))
        session.execute(update(JobRow).where(JobRow.id == job_id).values(state="succeeded", finished_at=now))
        for index in indices(claimed):
            place = {"job_id": job_id, "trial_index": index}
            session.add(ChunkRow(**place, first_step=0, last_step=9, rows=10, data=b"0123456789"))
            session.add(TrialIdRow(**place, id=str(uuid.uuid4())))
        session.add(TrialSummariesRow(shard_id=claimed.shard_id, attempt=1, data=encode_summaries(summaries(2))))
    age(database, job_id, days_ago)
    return job_id


def age(database: Database, job_id: str, days_ago: float) -> None:
    with database.write() as session:
        then = store_now(session) - timedelta(days=days_ago)
        session.execute(update(JobRow).where(JobRow.id == job_id).values(finished_at=then))


def left(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(JobRow.id)))


def rows(database: Database, *tables: type[Base]) -> list[int]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_old_jobs_go_with_everything_and_young_ones_stay(database: Database) -> None:
    old = finished(database, 31, tags=["a"])
    young = finished(database, 29)
    with database.write() as session:
        for table in (MetricChunkRow, PredictionSetRow):
            where = {"step": 0} if table is PredictionSetRow else {"first_step": 0, "last_step": 0, "rows": 1}
            session.add(table(job_id=old, trial_index=0, data=b"12345", **where))
    removed = prune(database, MONTH)
    assert left(database) == {young}
    assert (removed.jobs, removed.trials) == (1, 2)
    assert removed.result_bytes == 2 * 10 + 2 * 5
    assert rows(database, ShardRow, AttemptRow, TrialSummariesRow, TrialIdRow, ChunkRow) == [1, 1, 1, 2, 2]
    assert rows(database, JobLabelRow, MetricChunkRow, PredictionSetRow) == [3, 0, 0], "the labels of the young one"
    assert prune(database, MONTH) == Removed()


def test_what_would_be_removed_is_what_is_removed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_JOBS_AT_ONCE", 2)
    for _ in range(5):
        finished(database, 31)
    before = count(database, MONTH)
    assert before.jobs == 5
    assert len(left(database)) == 5
    assert prune(database, MONTH) == before
    assert count(database, MONTH) == Removed()


def test_unfinished_jobs_are_never_touched(database: Database) -> None:
    running = submit(database).id
    assert claim(database, WORKER, 30.0) is not None
    queued = submit(database).id
    with database.write() as session:
        long_ago = store_now(session) - timedelta(days=1000)
        session.execute(update(JobRow).values(created_at=long_ago))
    assert prune(database, Selection(timedelta(minutes=1))) == Removed()
    assert left(database) == {running, queued}


def test_states_and_tags_narrow_the_selection(database: Database) -> None:
    plain, tagged = finished(database, 31), finished(database, 31, tags=["scratch", "b"])
    cancelled = submit(database, tags=["scratch"]).id
    jobs(database).cancel(cancelled)
    age(database, cancelled, 31)
    succeeded = Selection(MONTH.older_than, (JobState.SUCCEEDED,), "scratch")
    assert prune(database, succeeded).jobs == 1
    assert left(database) == {plain, cancelled}
    assert prune(database, Selection(MONTH.older_than, tag="scratch")).jobs == 1
    assert left(database) == {plain}
    assert tagged not in left(database)


def test_large_jobs_are_removed_in_small_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_JOBS_AT_ONCE", 2)
    monkeypatch.setattr(retention, "_TRIALS_AT_ONCE", 3)
    monkeypatch.setattr(retention, "_SHARDS_AT_ONCE", 1)
    for _ in range(2):
        finished(database, 31, seeds=[1, 2])  # four trials
    told: list[Removed] = []
    total = prune(database, MONTH, told.append)
    assert [progress.trials for progress in told] == [4, 8, 8, 8]
    assert [progress.result_bytes for progress in told] == [30, 60, 80, 80]
    assert (total.jobs, total.trials, left(database)) == (2, 8, set())


def test_one_that_is_cut_off_is_finished_the_next_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_TRIALS_AT_ONCE", 1)
    finished(database, 31)

    def cut_off(_: Removed) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(database, MONTH, cut_off)
    assert rows(database, JobRow, ShardRow, ChunkRow, TrialIdRow) == [1, 0, 1, 1]
    assert prune(database, MONTH).jobs == 1
    assert rows(database, JobRow, ShardRow, ChunkRow, TrialIdRow) == [0, 0, 0, 0]


def test_keys_and_workers_that_nobody_needs_go_too(database: Database) -> None:
    job = jobs(database).submit(spec(), "old")
    register(database, facts("gone"))
    register(database, facts("here"))
    with database.write() as session:
        long_ago = store_now(session) - timedelta(hours=25)
        session.execute(update(IdempotencyKeyRow).values(created_at=long_ago))
        session.execute(update(WorkerRow).where(WorkerRow.name == "gone").values(heartbeat_at=long_ago))
    assert count(database, MONTH) == Removed(keys=1, workers=1)
    assert prune(database, MONTH) == Removed(keys=1, workers=1)
    assert left(database) == {job.id}
    assert rows(database, WorkerRow) == [1]


def test_one_job_is_removed_with_all_that_belongs_to_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_TRIALS_AT_ONCE", 1)
    job_id, other = finished(database, 1), submit(database)
    retention.remove(database, job_id)
    assert left(database) == {other.id}
    assert rows(database, ChunkRow, TrialIdRow, ShardRow) == [0, 0, 1]


def test_vacuum_makes_the_file_smaller(database: Database) -> None:
    if not database.is_sqlite:
        return
    job_id = finished(database, 31)
    with database.write() as session:
        session.add(ChunkRow(job_id=job_id, trial_index=0, first_step=99, last_step=99, rows=1, data=bytes(1_000_000)))
    prune(database, MONTH)
    before = _pages(database)
    vacuum(database)
    assert before - _pages(database) > 200
    submit(database)


def _pages(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
