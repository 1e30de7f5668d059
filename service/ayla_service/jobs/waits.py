"""What unfinished jobs wait for, as far as their shards tell; inside the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ayla_service.db.models import Attempt, Shard
from ayla_service.db.session import store_now
from ayla_service.states import ShardState


@dataclass(frozen=True, slots=True)
class Waits:
    """How the shards of an unfinished job stand.

    Attributes:
        running: how many run.
        queued: how many could be claimed.
        next_attempt_at: when the first of those that wait after a failure is queued again; None if there is none.
        last_error: why its last attempt failed.
    """

    running: int = 0
    queued: int = 0
    next_attempt_at: datetime | None = None
    last_error: str | None = None


def waits(session: Session, job_ids: Collection[str]) -> dict[str, Waits]:
    """How the shards of each job stand, in a query or two however many jobs there are."""
    if not job_ids:
        return {}
    now = store_now(session)
    found = _counted(session, job_ids, now)
    delayed = [job_id for job_id, standing in found.items() if standing.next_attempt_at is not None]
    for job_id, error in _last_errors(session, delayed, now).items():
        found[job_id] = replace(found[job_id], last_error=error)
    return found


def _counted(session: Session, job_ids: Collection[str], now: datetime) -> dict[str, Waits]:
    # A shard whose pause is over is as good as queued: the next worker that looks for work takes it.
    delayed = and_(Shard.state == ShardState.DELAYED, Shard.available_at > now)
    due = and_(Shard.state == ShardState.DELAYED, Shard.available_at <= now)
    rows = session.execute(
        select(
            Shard.job_id,
            func.count().filter(Shard.state == ShardState.RUNNING),
            func.count().filter(or_(Shard.state == ShardState.QUEUED, due)),
            func.min(Shard.available_at).filter(delayed),
        )
        .where(Shard.job_id.in_(job_ids))
        .group_by(Shard.job_id)
    )
    return {job_id: Waits(running, queued, next_at) for job_id, running, queued, next_at in rows}


def _last_errors(session: Session, job_ids: Collection[str], now: datetime) -> dict[str, str | None]:
    """The last error of that shard of each job which is the first to be queued again."""
    if not job_ids:
        return {}
    place = func.row_number().over(partition_by=Shard.job_id, order_by=(Shard.available_at, Shard.index))
    delayed = (
        select(Shard.job_id, Attempt.error, place.label("place"))
        .join(Attempt, and_(Attempt.shard_id == Shard.id, Attempt.number == Shard.attempt))
        .where(Shard.job_id.in_(job_ids), Shard.state == ShardState.DELAYED, Shard.available_at > now)
        .subquery()
    )
    rows = session.execute(select(delayed.c.job_id, delayed.c.error).where(delayed.c.place == 1))
    return {row.job_id: row.error for row in rows}
