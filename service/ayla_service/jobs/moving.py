"""Moving a job up among those of its owner; inside the caller's transaction.

The order is that of the times at which shards were queued, so a job is moved by another time. Whose turn it is does not
follow from them: nobody gets more of the workers by it.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Job, Shard
from ayla_service.errors import JobFinished, MoveImpossible
from ayla_service.jobs.editing import touched
from ayla_service.jobs.scoping import job_of, own_job
from ayla_service.jobs.views import JobView
from ayla_service.queue.contenders import DEVICES
from ayla_service.states import UNFINISHED_JOB, WAITING_SHARD, ShardState
from ayla_service.teams.principal import Principal

_JUST = timedelta(microseconds=1)


def move_to_front(session: Session, principal: Principal, job_id: str) -> JobView:
    """Let a job go before all others of its owner that are queued with the same priority. Can be repeated.

    Raises:
        JobNotFound: if the team has none with this id.
        NotYours: if it is another member's, and the caller is no admin.
        JobFinished: if it has ended.
    """
    job = _unfinished(session, principal, job_id)
    first = _first_of_others(session, job)
    if first is not None:
        _queue_at(session, job, first - _JUST)
    return touched(session, job)


def move_before(session: Session, principal: Principal, job_id: str, other_id: str) -> JobView:
    """Let a job go just before another one of its owner. Can be repeated.

    Jobs that were queued in the same microsecond as the other one are passed as well.

    Raises:
        JobNotFound: if the team has none with one of these ids.
        NotYours: if it is another member's, and the caller is no admin.
        JobFinished: if it has ended.
        MoveImpossible: if the other one is another member's, has another priority, or has nothing that waits.
    """
    job = _unfinished(session, principal, job_id)
    other = job_of(session, principal, other_id)
    waits = (Shard.job_id == other.id, Shard.state.in_(WAITING_SHARD))
    first = session.scalar(select(func.min(Shard.queued_at)).where(*waits))
    if other.id == job.id:
        raise MoveImpossible(other.id, "is the job itself")
    if other.owner_id != job.owner_id:
        raise MoveImpossible(other.id, "is another member's")
    if other.priority != job.priority:
        raise MoveImpossible(other.id, "has another priority")
    if first is None:
        raise MoveImpossible(other.id, "has nothing that waits")
    _queue_at(session, job, first - _JUST)
    return touched(session, job)


def _unfinished(session: Session, principal: Principal, job_id: str) -> Job:
    job = own_job(session, principal, job_id)
    if job.state not in UNFINISHED_JOB:
        raise JobFinished(job.id, job.state)
    return job


def _first_of_others(session: Session, job: Job) -> datetime | None:
    """When the first of the owner's other queued shards was queued, from the front of the queue's index."""
    looks = (
        select(Shard.queued_at)
        .where(
            Shard.state == written(ShardState.QUEUED),
            Shard.device == device,
            Shard.priority == job.priority,
            Shard.owner_id == job.owner_id,
            Shard.job_id != job.id,
        )
        .order_by(Shard.queued_at)
        .limit(1)
        .scalar_subquery()
        for device in DEVICES
    )
    return min(
        (queued_at for queued_at in session.execute(select(*looks)).one() if queued_at is not None), default=None
    )


def _queue_at(session: Session, job: Job, queued_at: datetime) -> None:
    session.execute(update(Shard).where(Shard.job_id == job.id).values(queued_at=queued_at))
