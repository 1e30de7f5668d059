"""What a stream is about, and what is looked for in the store for all of them together."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import Job
from ayla_service.errors import JobNotFound
from ayla_service.jobs import listing, repository
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.views import JobView
from ayla_service.states import UNFINISHED_JOB, JobState, LabelKind, Role
from ayla_service.streams.events import (
    LONGEST_TRANSACTION,
    Encode,
    Gap,
    GapReason,
    Position,
    StateChanged,
    TeamSnapshot,
)
from ayla_service.teams.principal import Principal


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which of a team's jobs a stream tells of; None: whichever."""

    project: str | None = None
    tag: str | None = None
    owner: str | None = None

    def admits(self, job: JobView) -> bool:
        """Whether a job is among them."""
        return (
            self.project in (None, job.project)
            and self.owner in (None, job.owner)
            and (self.tag is None or self.tag in job.tags)
        )

    def query(self, state: JobState) -> JobQuery:
        """Those of them in one state."""
        given = {LabelKind.PROJECT: self.project, LabelKind.TAG: self.tag}
        labels = {kind: label for kind, label in given.items() if label is not None}
        return JobQuery(state=state, owner=self.owner, labels=labels)


@dataclass(frozen=True, slots=True)
class JobsFeed:
    """Everything about some jobs, until all of them have ended."""

    job_ids: frozenset[str]

    def first(self, news: "News", since: Position | None) -> bytes | None:  # noqa: ARG002  # a snapshot is the same after any
        """What it begins with; None as long as not all of that has been found."""
        if not self.job_ids <= news.snapshots.keys():
            return None
        return b"".join(piece for job_id, piece in news.snapshots.items() if job_id in self.job_ids)

    def next(self, news: "News") -> bytes:
        """What it goes on with."""
        return b"".join(item.for_job for job_id, item in news.jobs.items() if job_id in self.job_ids)

    def is_over(self, news: "News") -> bool:
        """Whether nothing more will come."""
        return self.job_ids <= news.closed


@dataclass(frozen=True, slots=True)
class TeamFeed:
    """The states and the progress of a team's jobs."""

    team_id: str
    only: JobFilter = JobFilter()

    def first(self, news: "News", since: Position | None) -> bytes | None:
        """What it begins with; None as long as that has not been found."""
        return news.openings.get(TeamOpening(self, since))

    def next(self, news: "News") -> bytes:
        """What it goes on with."""
        mine = [item for item in news.jobs.values() if item.team_id == self.team_id and self.only.admits(item.job)]
        return b"".join(item.for_team for item in mine)

    def is_over(self, news: "News") -> bool:  # noqa: ARG002  # a team always goes on
        """Whether nothing more will come."""
        return False


Feed = JobsFeed | TeamFeed


@dataclass(frozen=True, slots=True)
class TeamOpening:
    """What a stream about a team begins with: where things stand, or what has changed since a position."""

    feed: TeamFeed
    since: Position | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in the store.

    Attributes:
        jobs: that streams tell everything about.
        waits: jobs whose end somebody waits for.
        teams: that streams tell of.
        snapshots: those of ``jobs`` that a stream begins with.
        openings: what streams about teams begin with.
        keys: API keys that are to be checked, None for nobody's; None as a whole: nothing is to be checked.
    """

    jobs: Set[str] = frozenset()
    waits: Set[str] = frozenset()
    teams: Set[str] = frozenset()
    snapshots: Set[str] = frozenset()
    openings: Set[TeamOpening] = frozenset()
    keys: Set[str | None] | None = None


@dataclass(slots=True)
class JobNews:
    """What is new about a job, written out.

    Attributes:
        team_id: whose it is.
        job: as it is now.
        for_job: for streams about it.
        for_team: for streams about its team.
    """

    team_id: str
    job: JobView
    for_job: bytes = b""
    for_team: bytes = b""


@dataclass(frozen=True, slots=True)
class News:
    """What a look into the store has found.

    Attributes:
        position: of this look.
        jobs: what is new, by job.
        over: of the jobs looked for, those that have ended or are gone.
        closed: of those watched in full, the ones whose end is told by now.
        snapshots: what streams about a job begin with.
        openings: what streams about teams begin with.
        refused: of the keys, those that let nobody in any more.
    """

    position: Position
    jobs: Mapping[str, JobNews] = field(default_factory=dict)
    over: Set[str] = frozenset()
    closed: Set[str] = frozenset()
    snapshots: Mapping[str, bytes] = field(default_factory=dict)
    openings: Mapping[TeamOpening, bytes] = field(default_factory=dict)
    refused: Set[str | None] = frozenset()
    _about: dict[Feed, bytes] = field(default_factory=dict)

    def about(self, feed: Feed) -> bytes:
        """What a feed goes on with; put together once for all streams that have it."""
        if feed not in self._about:
            self._about[feed] = feed.next(self)
        return self._about[feed]


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


def _fitting(jobs: Sequence[JobView]) -> Sequence[JobView]:
    sizes = accumulate(_CHARACTERS + len(job.notes or "") for job in jobs)
    return jobs[: sum(size <= _MOST_CHARACTERS for size in sizes)]


def _changed_since(session: Session, feed: TeamFeed, since: Position) -> Sequence[JobView] | None:
    """The jobs that may have changed since, those that did first in front; None if they are too many."""
    query = select(Job).where(Job.team_id == feed.team_id, Job.updated_at >= since.at - LONGEST_TRANSACTION)
    jobs = session.scalars(query.order_by(Job.updated_at, Job.id).limit(_MOST_CHANGES + 1)).all()
    return None if len(jobs) > _MOST_CHANGES else repository.views(session, jobs)


def follow(session: Session, principal: Principal, job_ids: Collection[str], since: Position | None) -> JobsFeed | None:
    """A stream about some jobs of the caller's team; None if its client has been told the end of all of them.

    Args:
        session: the unit of work.
        principal: who asks.
        job_ids: the jobs; at least one.
        since: of the last event that the client has.

    Raises:
        JobNotFound: if the team has none with one of the ids.
    """
    query = select(Job.id, Job.state, Job.updated_at).where(Job.team_id == principal.team_id)
    rows = session.execute(query.where(Job.id.in_([job_id for job_id in job_ids if could_be_id(job_id)]))).all()
    missing = set(job_ids) - {row.id for row in rows}
    if missing:
        raise JobNotFound(min(missing))
    # Ends are told in this order, so who has the last of them has them all.
    last = max(rows, key=lambda row: (row.updated_at, row.id))
    if since is None or since.ended != last.id or since.at < last.updated_at:
        return JobsFeed(frozenset(job_ids))
    has_ended = all(row.state not in UNFINISHED_JOB for row in rows)
    return None if has_ended else JobsFeed(frozenset(job_ids))
