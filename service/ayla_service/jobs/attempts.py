"""Attempts as users see them, inside the caller's transaction."""

from collections.abc import Collection

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.models import Attempt, Job, Shard
from ayla_service.jobs.views import AttemptCounts, AttemptError, AttemptView
from ayla_service.queue.retries import ErrorType
from ayla_service.schemas import Page
from ayla_service.states import AttemptOutcome


def page(session: Session, job: Job, limit: int, cursor: str | None) -> Page[AttemptView]:
    """All attempts at all shards of a job, oldest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    # Attempts at the shards of one pack start at the same moment; with shard and number no two have the same place.
    place = (Attempt.started_at, Shard.index, Attempt.number)
    query = select(Attempt, Shard.index).join(Shard, Shard.id == Attempt.shard_id).where(Shard.job_id == job.id)
    if cursor is not None:
        query = query.where(tuple_(*place) > tuple_(*cursors.attempt_key(cursor)))
    rows = session.execute(query.order_by(*place).limit(limit + 1)).all()
    items = [_view(attempt, shard_index) for attempt, shard_index in rows[:limit]]
    return Page(items, _after(items[-1]) if len(rows) > limit else None)


def counts(session: Session, job_ids: Collection[str]) -> dict[str, AttemptCounts]:
    """How many attempts there were at each job's shards, in one query; a job without any is left out."""
    failed, lost = (
        func.count().filter(Attempt.outcome == outcome) for outcome in (AttemptOutcome.FAILED, AttemptOutcome.LOST)
    )
    rows = session.execute(
        select(Shard.job_id, func.count(), failed, lost)
        .join(Attempt, Attempt.shard_id == Shard.id)
        .where(Shard.job_id.in_(job_ids))
        .group_by(Shard.job_id)
    )
    return {job_id: AttemptCounts(*numbers) for job_id, *numbers in rows}


def _after(last: AttemptView) -> str:
    return cursors.encode(last.started_at.isoformat(), last.shard_index, last.number)


def _view(attempt: Attempt, shard_index: int) -> AttemptView:
    return AttemptView(
        shard_id=attempt.shard_id,
        shard_index=shard_index,
        number=attempt.number,
        worker=attempt.worker,
        outcome=attempt.outcome,
        device=attempt.device,
        first_step=attempt.first_step,
        started_at=attempt.started_at,
        heartbeat_at=attempt.heartbeat_at,
        ended_at=attempt.ended_at,
        error=_error(attempt),
        environment=attempt.environment,
    )


def _error(attempt: Attempt) -> AttemptError | None:
    if attempt.error_type is None and attempt.error is None:
        return None
    # Before the store kept the kinds of errors it kept their texts alone.
    return AttemptError(attempt.error_type or ErrorType.UNEXPECTED, attempt.error or "")
