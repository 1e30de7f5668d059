"""Stored jobs and their attempts as answers; inside the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.models import AttemptRow, JobRow, MemberRow, ShardRow
from ayla_service.db.session import store_now
from ayla_service.jobs.schemas import (
    Attempt,
    AttemptCounts,
    AttemptError,
    JobDetail,
    JobError,
    JobSummary,
    Progress,
    TrialCounts,
)
from ayla_service.queue.retries import ErrorType
from ayla_service.schemas import Page
from ayla_service.states import UNFINISHED_JOB, AttemptOutcome, ShardState, TrialState, priority_name
from ayla_service.trials.counts import StateCounts, trial_counts

_LONGEST_REASON = 300
_NO_ATTEMPTS = AttemptCounts(total=0, failed=0, lost=0)


@dataclass(frozen=True, slots=True)
class ShardCounts:
    """The shards of an unfinished job by what they do.

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


@dataclass(frozen=True, slots=True)
class JobAggregates:
    """Facts about a job from the rows of other tables.

    Attributes:
        owner: name of the member who submitted it.
        trials: the number of its trials and their steps done, by state.
        attempts: how many there were at its shards.
        shards: what its shards do; all 0 if it has ended.
    """

    owner: str
    trials: StateCounts
    attempts: AttemptCounts = _NO_ATTEMPTS
    shards: ShardCounts = ShardCounts()


def detail(session: Session, job: JobRow) -> JobDetail:
    """One job with its spec."""
    return detail_of(job, _facts(session, [job])[0])


def summaries(session: Session, jobs: Sequence[JobRow]) -> list[JobSummary]:
    """Jobs with the counts of their trials and attempts, in a handful of queries however many they are."""
    found = _facts(session, jobs)
    return [JobSummary(**_fields(job, facts)) for job, facts in zip(jobs, found, strict=True)]


def detail_of(job: JobRow, facts: JobAggregates) -> JobDetail:
    """One job with its spec, from what is known of it."""
    return JobDetail(**_fields(job, facts), spec=job.submitted_spec, resolved=job.resolved_spec)


def _facts(session: Session, jobs: Sequence[JobRow]) -> list[JobAggregates]:
    ids = [job.id for job in jobs]
    trials, attempts, owners = trial_counts(session, ids), _attempt_counts(session, ids), _owners(session, jobs)
    shards = shard_counts(session, [job.id for job in jobs if job.state in UNFINISHED_JOB])
    return [
        JobAggregates(
            owners[job.owner_id],
            trials[job.id],
            attempts.get(job.id, _NO_ATTEMPTS),
            shards.get(job.id, ShardCounts()),
        )
        for job in jobs
    ]


def _fields(job: JobRow, facts: JobAggregates) -> dict[str, Any]:
    return {
        "id": job.id,
        "version": job.version,
        "owner": facts.owner,
        "name": job.name,
        "project": job.project,
        "tags": job.tags,
        "notes": job.notes,
        "preset": job.resolved_spec.get("preset"),
        "state": job.state,
        "priority": priority_name(job.priority),
        "status_detail": _status_detail(job, facts.shards),
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "cancel_requested_at": job.cancel_requested_at,
        "paused_at": job.paused_at,
        "archived_at": job.archived_at,
        "origin": job.origin,
        "trials": trial_totals(facts.trials),
        "attempts": facts.attempts,
        "progress": progress_of(job.steps_total, job.steps_total // job.trials_total, facts.trials),
        "error": JobError(type=job.error_type, detail=job.error_detail or "") if job.error_type else None,
    }


def trial_totals(counts: StateCounts) -> TrialCounts:
    """How many trials there are in each state, and in all."""
    numbers = {state.value: counts.get(state, (0, 0))[0] for state in TrialState}
    return TrialCounts(total=sum(numbers.values()), **numbers)


def progress_of(steps_total: int, steps_of_trial: int, counts: StateCounts) -> Progress:
    """The progress of a job.

    Args:
        steps_total: of all its trials together.
        steps_of_trial: that each of them makes unless it diverges.
        counts: the number of its trials and their steps done, by state.
    """
    done = sum(steps for _, steps in counts.values())
    diverged, diverged_steps = counts.get(TrialState.DIVERGED, (0, 0))
    saved = diverged * steps_of_trial - diverged_steps
    fraction = min(1.0, (done + saved) / steps_total)
    return Progress(steps_done=done, steps_total=steps_total, fraction=fraction)


def _status_detail(job: JobRow, shards: ShardCounts) -> str | None:
    if job.state not in UNFINISHED_JOB:
        return None
    if job.cancel_requested_at is not None:
        return "Cancelling: the worker stops at its next heartbeat."
    if job.error_type is not None:
        return "Failing: a part of the job has failed for good; the rest stops at its next heartbeat."
    if job.paused_at is not None:
        return _paused(shards)
    return _waiting(job, shards)


def _paused(shards: ShardCounts) -> str:
    resume = "Resuming puts it back into the queue."
    if shards.running:
        return f"Pausing: what runs is saved and handed back at its next heartbeat. {resume}"
    return f"Paused. {resume}"


def _waiting(job: JobRow, shards: ShardCounts) -> str | None:
    if shards.next_attempt_at is not None:
        what = "A part of the job waits" if shards.running or shards.queued else "Waits"
        until = f"{shards.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{what} until {until} for its next attempt; the last one failed: {_reason(shards.last_error)}"
    if shards.running or not shards.queued:
        return None
    if job.resolved_spec.get("device") == "cuda":
        return "Waiting for a worker with a CUDA device; device 'auto' would run on any worker."
    return "Waiting for a free worker."


def _reason(error: str | None) -> str:
    """The first line of an error, cut if long: all of it is with the attempt."""
    line = (error or "it gave no reason.").strip().partition("\n")[0]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def _owners(session: Session, jobs: Sequence[JobRow]) -> dict[str, str]:
    """The names of the jobs' owners."""
    rows = session.execute(select(MemberRow.id, MemberRow.name).where(MemberRow.id.in_({job.owner_id for job in jobs})))
    return {row.id: row.name for row in rows}


def shard_counts(session: Session, job_ids: Collection[str]) -> dict[str, ShardCounts]:
    """Number of shards of each job in each state, in a query or two however many jobs there are."""
    if not job_ids:
        return {}
    now = store_now(session)
    found = _count_shards(session, job_ids, now)
    delayed = [job_id for job_id, counts in found.items() if counts.next_attempt_at is not None]
    for job_id, error in _last_errors(session, delayed, now).items():
        found[job_id] = replace(found[job_id], last_error=error)
    return found


def _count_shards(session: Session, job_ids: Collection[str], now: datetime) -> dict[str, ShardCounts]:
    # A shard whose pause is over is as good as queued: the next worker that looks for work takes it.
    delayed = and_(ShardRow.state == ShardState.DELAYED, ShardRow.available_at > now)
    due = and_(ShardRow.state == ShardState.DELAYED, ShardRow.available_at <= now)
    rows = session.execute(
        select(
            ShardRow.job_id,
            func.count().filter(ShardRow.state == ShardState.RUNNING),
            func.count().filter(or_(ShardRow.state == ShardState.QUEUED, due)),
            func.min(ShardRow.available_at).filter(delayed),
        )
        .where(ShardRow.job_id.in_(job_ids))
        .group_by(ShardRow.job_id)
    )
    return {job_id: ShardCounts(running, queued, next_at) for job_id, running, queued, next_at in rows}


def _last_errors(session: Session, job_ids: Collection[str], now: datetime) -> dict[str, str | None]:
    """The last error of that shard of each job which is the first to be queued again."""
    if not job_ids:
        return {}
    place = func.row_number().over(partition_by=ShardRow.job_id, order_by=(ShardRow.available_at, ShardRow.index))
    delayed = (
        select(ShardRow.job_id, AttemptRow.error, place.label("place"))
        .join(AttemptRow, and_(AttemptRow.shard_id == ShardRow.id, AttemptRow.number == ShardRow.attempt))
        .where(ShardRow.job_id.in_(job_ids), ShardRow.state == ShardState.DELAYED, ShardRow.available_at > now)
        .subquery()
    )
    rows = session.execute(select(delayed.c.job_id, delayed.c.error).where(delayed.c.place == 1))
    return {row.job_id: row.error for row in rows}


class AttemptSort(StrEnum):
    """Orders of a list of attempts; a minus is for descending."""

    OLDEST = "started_at"
    NEWEST = "-started_at"


def attempts(
    session: Session, job: JobRow, limit: int, cursor: str | None, sort: AttemptSort = AttemptSort.OLDEST
) -> Page[Attempt]:
    """All attempts at all shards of a job, by their start.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    # Attempts at the shards of one pack start at the same moment; with shard and number no two have the same place.
    place = (AttemptRow.started_at, ShardRow.index, AttemptRow.number)
    query = (
        select(AttemptRow, ShardRow.index)
        .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
        .where(ShardRow.job_id == job.id)
    )
    descends = sort is AttemptSort.NEWEST
    if cursor is not None:
        last = tuple_(*cursors.attempt_key(cursor, sort))
        query = query.where(tuple_(*place) < last if descends else tuple_(*place) > last)
    order = [column.desc() for column in place] if descends else place
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    items = [_attempt(attempt, shard_index) for attempt, shard_index in rows[:limit]]
    return Page(items, _attempt_cursor(items[-1], sort) if len(rows) > limit else None)


def _attempt_counts(session: Session, job_ids: Collection[str]) -> dict[str, AttemptCounts]:
    """How many attempts there were at each job's shards, in one query; a job without any is left out."""
    failed, lost = (
        func.count().filter(AttemptRow.outcome == outcome) for outcome in (AttemptOutcome.FAILED, AttemptOutcome.LOST)
    )
    rows = session.execute(
        select(ShardRow.job_id, func.count(), failed, lost)
        .join(AttemptRow, AttemptRow.shard_id == ShardRow.id)
        .where(ShardRow.job_id.in_(job_ids))
        .group_by(ShardRow.job_id)
    )
    return {job_id: AttemptCounts(total=total, failed=bad, lost=gone) for job_id, total, bad, gone in rows}


def _attempt_cursor(last: Attempt, sort: AttemptSort) -> str:
    return cursors.encode(sort, last.started_at.isoformat(), last.shard_index, last.number)


def _attempt(attempt: AttemptRow, shard_index: int) -> Attempt:
    return Attempt(
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
        error=_attempt_error(attempt),
        environment=attempt.environment,
    )


def _attempt_error(attempt: AttemptRow) -> AttemptError | None:
    if attempt.error_type is None and attempt.error is None:
        return None
    # Before the store kept the kinds of errors it kept their texts alone.
    return AttemptError(type=attempt.error_type or ErrorType.UNEXPECTED, detail=attempt.error or "")
