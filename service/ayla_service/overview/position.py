"""The place of one job in the queue, and when it is expected to start and finish; inside the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Job, Shard
from ayla_service.jobs.repository import shard_counts
from ayla_service.overview.estimates import PositionView
from ayla_service.overview.lanes import OwnPlace, basis, expectations, moment, own_place, why_not
from ayla_service.queue.forecast import Expectation
from ayla_service.queue.snapshot import Census, seconds_left
from ayla_service.states import UNFINISHED_JOB, ShardState

_RUNNING_LOOKED_AT = 100


def position_view(session: Session, facts: Census, job: Job) -> PositionView:
    """Where a job stands."""
    unknown = PositionView(facts.now, job.id, job.state, basis(facts, len(facts.loads)))
    place = own_place(session, facts, job) if job.state in UNFINISHED_JOB else None
    if place is None:
        return _without_place(session, facts, job, unknown)
    stretch = place.stretch
    workers = sum(stretch.device in load.devices for load in facts.loads)
    found = replace(unknown, shards=place.job.shards, basis=basis(facts, workers))
    expected = expectations(facts, {stretch.key: place.parts()}, {job.id}).get(job.id)
    if expected is None:
        return replace(found, reason=why_not(facts, stretch))
    return _told(facts, found, place, expected, _running_end(session, facts, job))


def _told(
    facts: Census, found: PositionView, place: OwnPlace, expected: Expectation, running: float | None
) -> PositionView:
    measured = facts.measured
    best, worst = (one / measured.ratio if measured.ratio > 0 else 1.0 for one in (measured.low, measured.high))
    finish = None if expected.finish is None else max(expected.finish, running or 0.0)

    def at(seconds: float | None, factor: float = 1.0) -> datetime | None:
        return None if seconds is None else moment(facts, seconds * factor)

    return replace(
        found,
        position=expected.ahead + 1,
        is_more=place.is_more,
        seconds_ahead=expected.seconds_ahead,
        estimated_start=at(expected.start),
        earliest_start=at(expected.start, min(1.0, best)),
        latest_start=at(expected.start, max(1.0, worst)),
        estimated_finish=at(finish),
        earliest_finish=at(finish, min(1.0, best)),
        latest_finish=at(finish, max(1.0, worst)),
    )


def _without_place(session: Session, facts: Census, job: Job, unknown: PositionView) -> PositionView:
    """Nothing of the job is queued."""
    if job.state not in UNFINISHED_JOB:
        return replace(unknown, reason=f"The job has ended as {job.state}.")
    if job.paused_at is not None:
        return replace(unknown, reason="The job is paused.")
    standing = shard_counts(session, [job.id]).get(job.id)
    if standing is not None and standing.next_attempt_at is not None:
        return replace(unknown, reason="It waits after a failed attempt, and is queued again when that is over.")
    if standing is not None and standing.queued:
        return replace(unknown, reason="It was queued a moment ago; ask again.")
    end = moment(facts, _running_end(session, facts, job))
    return replace(unknown, estimated_finish=end, reason="All that is left of it runs.")


def _running_end(session: Session, facts: Census, job: Job) -> float | None:
    """In how many seconds the last of its shards that run ends, as far as their steps tell."""
    running = (Shard.job_id == job.id, Shard.state == written(ShardState.RUNNING))
    ids = list(session.scalars(select(Shard.id).where(*running).limit(_RUNNING_LOOKED_AT)))
    return max(seconds_left(session, ids, facts.now).values(), default=None)
