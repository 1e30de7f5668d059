"""Position of a job in the queue, and estimates of its start and finish; inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.jobs.repository import shard_counts
from ayla_service.overview.estimates import (
    JobPlace,
    basis,
    estimates,
    job_place,
    no_estimate_reason,
    time_after,
    time_range,
)
from ayla_service.overview.schemas import Basis, QueuePosition
from ayla_service.queue.forecast import JobEstimate
from ayla_service.queue.snapshot import QueueSnapshot, seconds_left
from ayla_service.states import UNFINISHED_JOB, ShardState

_RUNNING_SHARDS_READ = 100


def queue_position(session: Session, snapshot: QueueSnapshot, job: JobRow) -> QueuePosition:
    """Position of a job in the queue."""
    place = job_place(session, snapshot, job) if job.state in UNFINISHED_JOB else None
    if place is None:
        return _without_place(session, snapshot, job)
    backlog = place.backlog
    found = basis(snapshot, sum(backlog.device in worker.devices for worker in snapshot.workers))
    estimate = estimates(snapshot, {backlog.key: place.jobs()}, {job.id}).get(job.id)
    if estimate is None:
        return _unknown(snapshot, job, found, no_estimate_reason(snapshot, backlog), shards=place.job.shards)
    return _estimated(snapshot, job, found, place, estimate, _running_seconds(session, snapshot, job))


def _estimated(
    snapshot: QueueSnapshot,
    job: JobRow,
    found: Basis,
    place: JobPlace,
    estimate: JobEstimate,
    running: float | None,
) -> QueuePosition:
    finish = None if estimate.finish is None else max(estimate.finish, running or 0.0)
    return QueuePosition(
        as_of=snapshot.now,
        job_id=job.id,
        state=job.state,
        shards=place.job.shards,
        position=estimate.ahead + 1,
        is_more=place.is_more,
        seconds_ahead=estimate.seconds_ahead,
        **time_range(snapshot, "start", estimate.start),
        **time_range(snapshot, "finish", finish),
        reason=None,
        basis=found,
    )


def _without_place(session: Session, snapshot: QueueSnapshot, job: JobRow) -> QueuePosition:
    """Position of a job of which nothing is queued."""
    found = basis(snapshot, len(snapshot.workers))
    reason = _why_nothing_is_queued(session, job)
    if reason is not None:
        return _unknown(snapshot, job, found, reason)
    finish = time_after(snapshot, _running_seconds(session, snapshot, job))
    return _unknown(snapshot, job, found, "All that is left of it runs.", finish=finish)


def _why_nothing_is_queued(session: Session, job: JobRow) -> str | None:
    """Reason why nothing of the job is queued; None if all that is left of it runs."""
    if job.state not in UNFINISHED_JOB:
        return f"The job has ended as {job.state}."
    if job.paused_at is not None:
        return "The job is paused."
    shards = shard_counts(session, [job.id]).get(job.id)
    if shards is not None and shards.next_attempt_at is not None:
        return "It waits after a failed attempt, and is queued again when that is over."
    if shards is not None and shards.queued:
        return "It was queued a moment ago; ask again."
    return None


def _unknown(
    snapshot: QueueSnapshot, job: JobRow, found: Basis, reason: str, shards: int = 0, finish: datetime | None = None
) -> QueuePosition:
    """Position without an estimate, but for the finish of what runs."""
    return QueuePosition(
        as_of=snapshot.now,
        job_id=job.id,
        state=job.state,
        shards=shards,
        position=None,
        is_more=False,
        seconds_ahead=None,
        **time_range(snapshot, "start", None),
        **time_range(snapshot, "finish", None) | {"estimated_finish": finish},
        reason=reason,
        basis=found,
    )


def _running_seconds(session: Session, snapshot: QueueSnapshot, job: JobRow) -> float | None:
    """Seconds until the last of its running shards ends; None if their steps do not tell."""
    running = (ShardRow.job_id == job.id, ShardRow.state == written(ShardState.RUNNING))
    ids = list(session.scalars(select(ShardRow.id).where(*running).limit(_RUNNING_SHARDS_READ)))
    return max(seconds_left(session, ids, snapshot.now).values(), default=None)
