"""Moves of a job among those of its owner; inside the caller's transaction.

The order is that of the times at which shards were queued, so a job is moved by another time. Fair shares do not depend
on these times: nobody gets more of the workers by a move.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, literal, select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, ShardRow
from ayla_service.errors import JobFinished, MoveImpossible
from ayla_service.jobs.editing import with_next_version
from ayla_service.jobs.schemas import JobDetail
from ayla_service.jobs.scoping import job_of, own_job
from ayla_service.queue.eligibility import DEVICES, queued
from ayla_service.states import UNFINISHED_JOB, WAITING_SHARD
from ayla_service.teams.principal import Principal

_GAP = timedelta(seconds=1)
"""Time between a job at the front and the next, so that others can be moved in between."""


def move_to_front(session: Session, principal: Principal, job_id: str) -> JobDetail:
    """Move a job before all others of its owner that are queued with the same priority. Can be repeated.

    Raises:
        JobNotFound: if the team has none with this id.
        NotYours: if it is another member's, and the caller is no admin.
        JobFinished: if it has ended.
    """
    job = _unfinished(session, principal, job_id)
    first = _nearest_of_others(session, job)
    if first is not None:
        _queue_at(session, job, first - _GAP)
    return with_next_version(session, job)


def move_before(session: Session, principal: Principal, job_id: str, other_id: str) -> JobDetail:
    """Move a job just before another one of its owner. Can be repeated.

    Jobs that were queued at the same moment as the other one, to the microsecond, are passed as well.

    Raises:
        JobNotFound: if the team has none with one of these ids.
        NotYours: if it is another member's, and the caller is no admin.
        JobFinished: if it has ended.
        MoveImpossible: if the other one is another member's, has another priority, or has nothing that waits.
    """
    job = _unfinished(session, principal, job_id)
    other = job_of(session, principal, other_id)
    first = _checked(job, other, _first_waiting(session, other))
    last = _nearest_of_others(session, job, before=first) or first - 2 * _GAP
    _queue_at(session, job, min(last + (first - last) / 2, first - timedelta(microseconds=1)))
    return with_next_version(session, job)


def _first_waiting(session: Session, job: JobRow) -> datetime | None:
    waits = (ShardRow.job_id == job.id, ShardRow.state.in_(WAITING_SHARD))
    return session.scalar(select(func.min(ShardRow.queued_at)).where(*waits))


def _checked(job: JobRow, other: JobRow, first: datetime | None) -> datetime:
    """Time at which the other job's first waiting shard was queued, if the job can be moved before it."""
    if other.id == job.id:
        raise MoveImpossible(other.id, "is the job itself")
    if other.owner_id != job.owner_id:
        raise MoveImpossible(other.id, "is another member's")
    if other.priority != job.priority:
        raise MoveImpossible(other.id, "has another priority")
    if first is None:
        raise MoveImpossible(other.id, "has nothing that waits")
    return first


def _unfinished(session: Session, principal: Principal, job_id: str) -> JobRow:
    job = own_job(session, principal, job_id)
    if job.state not in UNFINISHED_JOB:
        raise JobFinished(job.id, job.state)
    return job


def _nearest_of_others(session: Session, job: JobRow, before: datetime | None = None) -> datetime | None:
    """Time at which the first of the owner's other queued shards was queued, or the last of those before some time.

    Found at an end of the queue's index.
    """
    looks = (_nearest_of_device(job, device, before).scalar_subquery() for device in DEVICES)
    found = [queued_at for queued_at in session.execute(select(*looks)).one() if queued_at is not None]
    return min(found, default=None) if before is None else max(found, default=None)


def _nearest_of_device(job: JobRow, device: str, before: datetime | None) -> Select[datetime]:
    others = (
        *queued(device, literal(job.priority)),
        ShardRow.owner_id == job.owner_id,
        ShardRow.job_id != job.id,
    )
    if before is None:
        return select(ShardRow.queued_at).where(*others).order_by(ShardRow.queued_at).limit(1)
    query = select(ShardRow.queued_at).where(*others, ShardRow.queued_at < before)
    return query.order_by(ShardRow.queued_at.desc()).limit(1)


def _queue_at(session: Session, job: JobRow, queued_at: datetime) -> None:
    session.execute(update(ShardRow).where(ShardRow.job_id == job.id).values(queued_at=queued_at))
