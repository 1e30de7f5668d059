"""Retention: removal of finished jobs of some age, expired idempotency keys and sessions, and workers that are gone.

Every transaction is small, so that the service goes on working beside it, and one that is cut off is no harm: what is
left is found the next time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ayla_spec.text import normalized
from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import (
    ChunkRow,
    IdempotencyKeyRow,
    JobLabelRow,
    JobRow,
    MetricChunkRow,
    PredictionSetRow,
    ShardRow,
    TrialIdRow,
)
from ayla_service.db.session import Database, store_now
from ayla_service.errors import JobUnfinished
from ayla_service.idempotency import KEYS_LIVE
from ayla_service.queue import outbox, workers
from ayla_service.states import UNFINISHED_JOB, JobState, LabelKind
from ayla_service.teams import sessions
from ayla_service.trials.writer import RESULTS

FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)

_JOBS_AT_ONCE = 100
_SHARDS_AT_ONCE = 1000
_TRIALS_AT_ONCE = 2000
"""Trials whose rows of one table are removed in one transaction."""

_Results = type[ChunkRow | MetricChunkRow | PredictionSetRow]


@dataclass(frozen=True, slots=True)
class Selection:
    """Condition for jobs to be removed; unfinished ones never are.

    Attributes:
        older_than: how long ago they have finished.
        states: the states they have ended in.
        tag: one that they all have; None: with any tag or none.
    """

    older_than: timedelta
    states: tuple[JobState, ...] = FINISHED
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """Counts of what was removed; ``result_bytes`` is the size of their trajectories, metrics and predictions."""

    jobs: int = 0
    trials: int = 0
    result_bytes: int = 0
    keys: int = 0
    workers: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        """Both together."""
        return Removed(
            self.jobs + other.jobs,
            self.trials + other.trials,
            self.result_bytes + other.result_bytes,
            self.keys + other.keys,
            self.workers + other.workers,
        )


def prune(database: Database, selection: Selection, report: Callable[[Removed], None] = lambda _: None) -> Removed:
    """Remove the jobs of a selection with all that belongs to them, then what has expired and workers that are gone.

    Args:
        database: the store.
        selection: which jobs.
        report: called after each transaction with what was removed so far.
    """
    total, more = Removed(), True
    while more:
        with database.write() as session:
            removed, more = _remove_some(session, selection)
        total += removed
        report(total)
    with database.write() as session:
        return total + _remove_leftovers(session)


def count(database: Database, selection: Selection) -> Removed:
    """Counts of what ``prune`` would remove, a page at a time; nothing is changed."""
    total = Removed()
    for job_ids in _pages(database, selection):
        with database.read() as session:
            trials = session.scalar(select(func.sum(ShardRow.trials)).where(ShardRow.job_id.in_(job_ids))) or 0
            size = sum(_size(session, table, table.job_id.in_(job_ids)) for table in RESULTS)
            total += Removed(jobs=len(job_ids), trials=int(trials), result_bytes=size)
    with database.read() as session:
        now = store_now(session)
        keys = session.scalar(select(func.count()).where(IdempotencyKeyRow.created_at < now - KEYS_LIVE))
        gone = session.scalar(select(func.count()).where(workers.silent_since(now - workers.KEPT)))
        return total + Removed(keys=keys or 0, workers=gone or 0)


def remove(database: Database, job_id: str) -> None:
    """Remove one job that has ended, with all that belongs to it, in several small transactions.

    Raises:
        JobUnfinished: if it has not ended, as when it is tried again at the same moment.
    """
    removed = Removed()
    while not removed.jobs:
        with database.write() as session:
            job = by_id(session, JobRow, job_id, lock=True)
            if job is None:
                return
            if job.state in UNFINISHED_JOB:
                raise JobUnfinished(job_id, "deleted")
            removed = _remove_parts(session, [job_id])


def vacuum(database: Database) -> None:
    """Give the space of what was removed back to the file system. SQLite only; it rewrites the file.

    Raises:
        sqlalchemy.exc.OperationalError: if others keep the store busy, or the disk has no room for the copy.
    """
    with database.engine.connect() as connection:
        # Past SQLAlchemy, which would begin a transaction: inside one there is no VACUUM.
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101  # an open connection has one
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _matching(selection: Selection, now: datetime) -> Select[str, datetime | None]:
    """Ids of the jobs, those that finished first in front."""
    query = select(JobRow.id, JobRow.finished_at).where(
        JobRow.finished_at < now - selection.older_than, JobRow.state.in_(selection.states)
    )
    if selection.tag is not None:
        query = query.join(JobLabelRow, JobLabelRow.job_id == JobRow.id)
        query = query.where(JobLabelRow.kind == LabelKind.TAG, JobLabelRow.label == normalized(selection.tag))
    return query.order_by(JobRow.finished_at, JobRow.id)


def _remove_some(session: Session, selection: Selection) -> tuple[Removed, bool]:
    """Remove as much as fits into a small transaction; returns whether there may be more."""
    first = _matching(selection, store_now(session)).limit(_JOBS_AT_ONCE)
    jobs = session.scalars(first.with_for_update(of=JobRow, skip_locked=True)).all()
    return _remove_parts(session, jobs), bool(jobs)


def _remove_parts(session: Session, job_ids: Sequence[str]) -> Removed:
    """Remove some of what belongs to jobs, and those jobs themselves of which nothing is left.

    Shards go first: a job that lacks some is known as one that is being removed.
    """
    some = select(ShardRow.id).where(ShardRow.job_id.in_(job_ids)).order_by(ShardRow.job_id, ShardRow.index)
    shards = delete(ShardRow).where(ShardRow.id.in_(session.scalars(some.limit(_SHARDS_AT_ONCE)).all()))
    trials = sum(session.scalars(shards.returning(ShardRow.trials)))
    size = sum(_size(session, table, _of_some(table, job_ids)) for table in RESULTS)
    for table in (*RESULTS, TrialIdRow):
        session.execute(delete(table).where(_of_some(table, job_ids)))
    left = or_(*(exists().where(table.job_id == JobRow.id) for table in (ShardRow, *RESULTS, TrialIdRow)))
    gone = session.scalars(delete(JobRow).where(JobRow.id.in_(job_ids), ~left).returning(JobRow.id)).all()
    return Removed(jobs=len(gone), trials=trials, result_bytes=size)


def _of_some(table: _Results | type[TrialIdRow], job_ids: Sequence[str]) -> ColumnElement[bool]:
    """Condition for the rows of some of the trials of jobs."""
    trial = (table.job_id, table.trial_index)
    some = select(*trial).where(table.job_id.in_(job_ids)).distinct().order_by(*trial).limit(_TRIALS_AT_ONCE)
    return tuple_(*trial).in_(some)


def _remove_leftovers(session: Session) -> Removed:
    now = store_now(session)
    expired = delete(IdempotencyKeyRow).where(IdempotencyKeyRow.created_at < now - KEYS_LIVE)
    keys = session.scalars(expired.returning(IdempotencyKeyRow.key)).all()
    outbox.forget(session, now - outbox.KEPT)
    sessions.forget(session, now)
    return Removed(keys=len(keys), workers=workers.forget(session, now - workers.KEPT))


def _pages(database: Database, selection: Selection) -> Iterator[list[str]]:
    """The ids of the selection, page by page, each read for itself."""
    last: tuple[datetime | None, str] | None = None
    while True:
        with database.read() as session:
            query = _matching(selection, store_now(session)).limit(_JOBS_AT_ONCE)
            if last is not None:
                query = query.where(tuple_(JobRow.finished_at, JobRow.id) > tuple_(*last))
            rows = session.execute(query).all()
        if not rows:
            return
        yield [row.id for row in rows]
        last = (rows[-1].finished_at, rows[-1].id)


def _size(session: Session, table: _Results, which: ColumnElement[bool]) -> int:
    """Size of what was recorded; a database knows it without reading the data themselves."""
    return int(session.scalar(select(func.sum(func.length(table.data))).where(which)) or 0)
