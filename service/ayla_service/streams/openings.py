"""What streams about a team begin with."""

from collections.abc import Sequence
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import Job
from ayla_service.jobs import listing, repository
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import JobState, Role
from ayla_service.streams.changes import LONGEST_TRANSACTION
from ayla_service.streams.events import Encode, Gap, GapReason, StateChanged, TeamSnapshot
from ayla_service.streams.feeds import TeamFeed, TeamOpening
from ayla_service.streams.positions import Position
from ayla_service.teams.principal import Principal

_MOST_JOBS = 200
_MOST_CHANGES = 500
_MOST_CHARACTERS = 200_000
"""Of all jobs of a snapshot: many clients take no event above a megabyte."""
_CHARACTERS = 1500
"""Of a job without its notes, about."""


def begin(session: Session, opening: TeamOpening, encode: Encode, position: Position) -> bytes:
    """The first events of a stream: a snapshot, or after a position all changes since."""
    if opening.since is None:
        return encode(_snapshot(session, opening.feed), position)
    changed = _changed_since(session, opening.feed, opening.since)
    if changed is None:
        gap = encode(Gap(GapReason.TOO_MANY_CHANGES, opening.since.at), None)
        return gap + encode(_snapshot(session, opening.feed), position)
    return b"".join(encode(StateChanged(view), position) for view in changed if opening.feed.only.admits(view))


def _snapshot(session: Session, feed: TeamFeed) -> TeamSnapshot:
    reader = Principal(feed.team_id, "", "", Role.VIEWER, frozenset())
    pages = [
        listing.page(session, reader, feed.only.query(state), _MOST_JOBS, None)
        for state in (JobState.RUNNING, JobState.QUEUED)
    ]
    jobs = [job for page in pages for job in page.items]
    shown = _fitting(jobs)
    return TeamSnapshot(shown, complete=len(shown) == len(jobs) and all(page.next_cursor is None for page in pages))


def _fitting(jobs: Sequence[JobSummary]) -> Sequence[JobSummary]:
    sizes = accumulate(_CHARACTERS + len(job.notes or "") for job in jobs)
    return jobs[: sum(size <= _MOST_CHARACTERS for size in sizes)]


def _changed_since(session: Session, feed: TeamFeed, since: Position) -> Sequence[JobSummary] | None:
    """The jobs that may have changed since, those that did first in front; None if they are too many."""
    query = select(Job).where(Job.team_id == feed.team_id, Job.updated_at >= since.at - LONGEST_TRANSACTION)
    jobs = session.scalars(query.order_by(Job.updated_at, Job.id).limit(_MOST_CHANGES + 1)).all()
    return None if len(jobs) > _MOST_CHANGES else repository.summaries(session, jobs)
