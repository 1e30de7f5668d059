"""Trials of jobs that keep no trajectories: what another job has computed again stands in their place.

A job with an origin computes trials of another one again: its trial k is the trial k places after the origin. The
numbers are the same to the bit, as they follow from the spec and the seed alone (``docs/decisions/0009``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow
from ayla_service.states import JobState
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.reader import TrialReader
from ayla_service.trials.trial_ids import place_of, trial_id

ALIVE = (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED)
"""States of a job that has what it computes, or is going to."""


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Where a trial is computed again.

    Attributes:
        job: that does it.
        index: of the trial there.
    """

    job: JobRow
    index: int

    @property
    def has_ended(self) -> bool:
        """Whether it is there."""
        return self.job.state == JobState.SUCCEEDED


def keeps_trajectories(job: JobRow) -> bool:
    """Whether trials of a job keep trajectory and metrics as they run."""
    kept: str = job.resolved_spec["record"].get("trajectories", "all")
    return kept == "all"


def recomputations(session: Session, job: JobRow, index: int) -> Iterator[Recomputation]:
    """The jobs that compute a trial again, the newest first; those that have failed or were cancelled are left out."""
    layout = TrialLayout.of(job)
    # A job begins at the trial itself, or at the first of its setting.
    origins = {trial_id(job.id, first): first for first in (index, index - index % len(layout.seeds))}
    rows = select(JobRow).where(JobRow.origin.in_(origins), JobRow.team_id == job.team_id, JobRow.state.in_(ALIVE))
    for row in session.scalars(rows.order_by(JobRow.created_at.desc(), JobRow.id)):
        place = index - origins[str(row.origin)]
        if place < row.trials_total:
            yield Recomputation(row, place)


def ran_alone(session: Session, trial: str) -> bool:
    """Whether nothing was computed beside a trial; also of one that is gone, or ran before that was kept."""
    place = place_of(session, trial)
    job = None if place is None else session.get(JobRow, place.job_id)
    if place is None or job is None:
        return True
    found = TrialReader(session).columns(job, place.index, 1, ("ran_alone",))
    return not len(found) or bool(found["ran_alone"][0] != 0)
