"""Rows to views and back, inside the caller's transaction."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.costs import cost_of
from ayla_spec.sizes import parameters
from ayla_spec.trials import TrialPlan, plan_shards, plan_trials
from sqlalchemy import exists, func, insert, select, tuple_
from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Job, JobTag, Shard, Trial
from ayla_service.errors import InvalidQuery, JobNotFound, TrialNotFound
from ayla_service.jobs import attempts, cursors
from ayla_service.jobs.rendering import job_view, trial_view
from ayla_service.jobs.views import AttemptCounts, JobView, Page, TrialView
from ayla_service.jobs.waits import waits
from ayla_service.states import UNFINISHED_JOB, JobState, ShardState, TrialState

_RARE = (JobState.RUNNING, JobState.FAILED, JobState.CANCELLED)
"""States that few of many jobs are in."""


def add(session: Session, submitted: dict[str, Any], resolved: ResolvedJobSpec, priority: int, now: datetime) -> Job:
    """Store a new job with its trials, cut into shards by what they cost."""
    trials = plan_trials(resolved)
    job = Job(
        id=str(uuid.uuid4()),
        name=resolved.name,
        state=JobState.QUEUED,
        priority=priority,
        submitted_spec=submitted,
        resolved_spec=resolved.model_dump(mode="json"),
        steps_total=len(trials) * resolved.budget.steps,
        created_at=now,
    )
    session.add(job)
    session.flush()
    session.add_all(JobTag(job_id=job.id, tag=tag, created_at=now) for tag in resolved.tags)
    _add_shards(session, job, resolved, trials)
    session.flush()
    return job


def _add_shards(session: Session, job: Job, resolved: ResolvedJobSpec, trials: list[TrialPlan]) -> None:
    """All in two statements: one for each of some thousand shards would keep the others from writing for long."""
    cost = cost_of(resolved)
    shards, rows = [], []
    settings = [optimizer.model_dump(mode="json") for optimizer in resolved.optimizers]
    for index, plans in enumerate(plan_shards(trials, parameters(resolved.problem), cost.affordable())):
        shards.append(_new_shard(job, index, cost.of(len(plans))))
        rows += [_new_trial(job.id, shards[-1]["id"], plan, settings[plan.optimizer_index]) for plan in plans]
    session.execute(insert(Shard), shards)
    session.execute(insert(Trial), rows)


def _new_shard(job: Job, index: int, cost: float) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "job_id": job.id,
        "index": index,
        "state": ShardState.QUEUED,
        "device": job.resolved_spec["device"],
        "priority": job.priority,
        "queued_at": job.created_at,
        "cost": cost,
    }


def _new_trial(job_id: str, shard_id: str, plan: TrialPlan, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "job_id": job_id,
        "shard_id": shard_id,
        "index": plan.index,
        "optimizer_index": plan.optimizer_index,
        "label": plan.settings.label or "",
        "settings": settings,
        "seed": plan.seed,
        "state": TrialState.QUEUED,
    }


def queued_devices(session: Session, job_id: str) -> list[str]:
    """The device kinds of the job's queued shards, one for each."""
    return list(session.scalars(select(Shard.device).where(Shard.job_id == job_id, Shard.state == ShardState.QUEUED)))


def locked(session: Session, job_id: str) -> Job:
    """The job's row, locked until the transaction ends.

    Raises:
        JobNotFound: if there is none.
    """
    job = by_id(session, Job, job_id, lock=True)
    if job is None:
        raise JobNotFound(job_id)
    return job


def view(session: Session, job_id: str) -> JobView:
    """One job.

    Raises:
        JobNotFound: if there is none.
    """
    job = by_id(session, Job, job_id)
    if job is None:
        raise JobNotFound(job_id)
    return views(session, [job])[0]


def views(session: Session, jobs: Sequence[Job]) -> list[JobView]:
    """Jobs with the counts of their trials and attempts, in a handful of queries however many they are."""
    ids = [job.id for job in jobs]
    trials, tried = _trial_counts(session, ids), attempts.counts(session, ids)
    standing = waits(session, [job.id for job in jobs if job.state in UNFINISHED_JOB])
    return [job_view(job, trials[job.id], tried.get(job.id, AttemptCounts()), standing.get(job.id)) for job in jobs]


def _trial_counts(session: Session, job_ids: Sequence[str]) -> dict[str, dict[TrialState, tuple[int, int]]]:
    """The number of trials and their steps done, by job and state."""
    counts: dict[str, dict[TrialState, tuple[int, int]]] = defaultdict(dict)
    rows = session.execute(
        select(Trial.job_id, Trial.state, func.count(), func.sum(Trial.steps_done))
        .where(Trial.job_id.in_(job_ids))
        .group_by(Trial.job_id, Trial.state)
    )
    for job_id, state, trials, steps in rows:
        counts[job_id][TrialState(state)] = (trials, steps)
    return counts


def page(session: Session, state: JobState | None, tag: str | None, limit: int, cursor: str | None) -> Page[JobView]:
    """Jobs, newest first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list, or a tag that no job can have.
    """
    query = select(Job)
    if state is not None:
        query = query.where(Job.state == state)
    if tag is not None and not tag.isprintable():
        raise InvalidQuery("tag", "Tags are printable text on one line.")
    time, place = Job.created_at, Job.id
    if tag is not None and state in _RARE:
        # From the index of the state: nearly all jobs that have the tag would be in another one.
        query = query.where(exists().where(JobTag.job_id == Job.id, JobTag.tag == tag))
    elif tag is not None:
        query = query.join(JobTag, JobTag.job_id == Job.id).where(JobTag.tag == tag)
        time, place = JobTag.created_at, JobTag.job_id
    if cursor is not None:
        query = query.where(tuple_(time, place) < tuple_(*cursors.job_key(cursor)))
    query = query.order_by(time.desc(), place.desc()).limit(limit + 1)
    jobs = session.scalars(query).all()
    more = len(jobs) > limit
    jobs = jobs[:limit]
    last = cursors.encode(jobs[-1].created_at.isoformat(), jobs[-1].id) if more else None
    return Page(views(session, jobs), last)


def trial(session: Session, trial_id: str) -> TrialView:
    """One trial.

    Raises:
        TrialNotFound: if there is none.
    """
    row = by_id(session, Trial, trial_id)
    if row is None:
        raise TrialNotFound(trial_id)
    return trial_view(row)


def trials(session: Session, job_id: str, limit: int, cursor: str | None) -> Page[TrialView]:
    """A job's trials, in order.

    Raises:
        JobNotFound: if there is no such job.
    """
    if by_id(session, Job, job_id) is None:
        raise JobNotFound(job_id)
    query = select(Trial).where(Trial.job_id == job_id).order_by(Trial.index).limit(limit + 1)
    if cursor is not None:
        query = query.where(Trial.index > cursors.trial_place(cursor))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([trial_view(row) for row in rows], cursors.encode(rows[-1].index) if more else None)
