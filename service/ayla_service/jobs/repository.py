"""Stored jobs and trials as views, inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.models import Job, Member, Trial
from ayla_service.jobs import attempts
from ayla_service.jobs.rendering import job_view, trial_view
from ayla_service.jobs.views import AttemptCounts, JobView
from ayla_service.jobs.waits import waits
from ayla_service.schemas import Page
from ayla_service.states import UNFINISHED_JOB, TrialState
from ayla_service.trials.views import TrialView


def view(session: Session, job: Job) -> JobView:
    """One job."""
    return views(session, [job])[0]


def views(session: Session, jobs: Sequence[Job]) -> list[JobView]:
    """Jobs with the counts of their trials and attempts, in a handful of queries however many they are."""
    ids = [job.id for job in jobs]
    trials, tried, owners = trial_counts(session, ids), attempts.counts(session, ids), _owners(session, jobs)
    standing = waits(session, [job.id for job in jobs if job.state in UNFINISHED_JOB])
    return [
        job_view(job, owners[job.owner_id], trials[job.id], tried.get(job.id, AttemptCounts()), standing.get(job.id))
        for job in jobs
    ]


def _owners(session: Session, jobs: Sequence[Job]) -> dict[str, str]:
    """The names of the jobs' owners."""
    rows = session.execute(select(Member.id, Member.name).where(Member.id.in_({job.owner_id for job in jobs})))
    return {row.id: row.name for row in rows}


def trial_counts(session: Session, job_ids: Sequence[str]) -> dict[str, dict[TrialState, tuple[int, int]]]:
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


def trials(session: Session, job: Job, limit: int, cursor: str | None) -> Page[TrialView]:
    """A job's trials, in order.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = select(Trial).where(Trial.job_id == job.id).order_by(Trial.index).limit(limit + 1)
    if cursor is not None:
        query = query.where(Trial.index > cursors.trial_place(cursor))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([trial_view(row) for row in rows], cursors.encode(rows[-1].index) if more else None)
