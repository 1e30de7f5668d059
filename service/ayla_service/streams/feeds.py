"""Feeds: which jobs a stream is about, the first events of it, and what a poll reads and finds for all of them."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import JobRow
from ayla_service.errors import JobNotFound
from ayla_service.jobs import listing, repository
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import UNFINISHED_JOB, JobState, LabelKind, Role
from ayla_service.streams.events import (
    LONGEST_TRANSACTION,
    Encode,
    GapData,
    GapReason,
    Position,
    StateData,
    TeamSnapshotData,
)
from ayla_service.teams.principal import Credential, Principal

_MOST_JOBS = 200
_MOST_CHANGES = 500
_MOST_CHARACTERS = 200_000
"""Of all jobs of a snapshot: many clients take no event above a megabyte."""
_CHARACTERS = 1500
"""Of a job without its notes, about."""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Filter of a team's jobs; None: any."""

    project: str | None = None
    tag: str | None = None
    owner: str | None = None

    def admits(self, job: JobSummary) -> bool:
        """Whether a job passes."""
        return (
            self.project in (None, job.project)
            and self.owner in (None, job.owner)
            and (self.tag is None or self.tag in job.tags)
        )

    def query(self, state: JobState) -> JobQuery:
        """The query for the jobs that pass and are in this state."""
        given = {LabelKind.PROJECT: self.project, LabelKind.TAG: self.tag}
        labels = {kind: label for kind, label in given.items() if label is not None}
        return JobQuery(state=state, owner=self.owner, labels=labels)


@dataclass(frozen=True, slots=True)
class JobsFeed:
    """Feed of all events of some jobs, until all of them have ended."""

    job_ids: frozenset[str]

    def first(self, result: "PollResult", since: Position | None) -> bytes | None:  # noqa: ARG002  # a snapshot is the same after any
        """First events of the stream; None while those of some job are missing."""
        if not self.job_ids <= result.snapshots.keys():
            return None
        return b"".join(piece for job_id, piece in result.snapshots.items() if job_id in self.job_ids)

    def next(self, result: "PollResult") -> bytes:
        """Events of a poll."""
        return b"".join(update.for_job for job_id, update in result.jobs.items() if job_id in self.job_ids)

    def is_over(self, result: "PollResult") -> bool:
        """Whether the stream ends."""
        return self.job_ids <= result.closed


@dataclass(frozen=True, slots=True)
class TeamFeed:
    """Feed of the states and the progress of a team's jobs, and of all events of those of them that are watched.

    Attributes:
        team_id: the team.
        only: which of its jobs.
        watched: ids of jobs of the team; they need not pass the filter.
        unknown: ids that should be watched and are none of the team's jobs, which the stream says.
    """

    team_id: str
    only: JobFilter = JobFilter()
    watched: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def first(self, result: "PollResult", since: Position | None) -> bytes | None:
        """First events of the stream; None while some are missing."""
        start, named = result.team_starts.get(self.start(since)), self.watched | self.unknown
        if start is None or not named <= result.snapshots.keys():
            return None
        return start + b"".join(piece for job_id, piece in result.snapshots.items() if job_id in named)

    def next(self, result: "PollResult") -> bytes:
        """Events of a poll."""
        updates = {job_id: update for job_id, update in result.jobs.items() if update.team_id == self.team_id}
        return b"".join(
            update.for_watchers if job_id in self.watched else update.for_team
            for job_id, update in updates.items()
            if job_id in self.watched or self.only.admits(update.job)
        )

    def start(self, since: Position | None) -> "TeamStart":
        """Start of the stream, the same whichever jobs are watched."""
        return TeamStart(TeamFeed(self.team_id, self.only), since)

    def is_over(self, result: "PollResult") -> bool:  # noqa: ARG002  # a team always goes on
        """Whether the stream ends: never by itself."""
        return False


Feed = JobsFeed | TeamFeed


@dataclass(frozen=True, slots=True)
class TeamStart:
    """Start of a team's stream: from a snapshot, or with the changes since a position."""

    feed: TeamFeed
    since: Position | None


@dataclass(frozen=True, slots=True)
class PollRequest:
    """Jobs and teams that one poll reads from the store.

    Attributes:
        jobs: ids of jobs that are followed with their trials.
        awaited: ids of jobs for whose end a request waits.
        teams: ids of teams that are followed.
        snapshots: ids of jobs with whose snapshot a stream starts; what is not among ``jobs`` is unknown.
        team_starts: starts of streams about teams.
        credentials: of callers, to check; None: no check.
    """

    jobs: Set[str] = frozenset()
    awaited: Set[str] = frozenset()
    teams: Set[str] = frozenset()
    snapshots: Set[str] = frozenset()
    team_starts: Set[TeamStart] = frozenset()
    credentials: Set[Credential] | None = None


@dataclass(slots=True)
class JobUpdate:
    """Events of one job in a poll, encoded.

    Attributes:
        team_id: the job's team.
        job: as it is now.
        for_job: events for streams about the job.
        for_team: events for streams about its team.
        for_watchers: both, each event once, for streams about its team that watch it.
    """

    team_id: str
    job: JobSummary
    for_job: bytes = b""
    for_team: bytes = b""
    for_watchers: bytes = b""


@dataclass(frozen=True, slots=True)
class PollResult:
    """Changes that one poll has found.

    Attributes:
        position: of the events of this poll.
        jobs: events by job.
        ended: ids of the jobs in the request that have ended or are gone.
        closed: ids of the jobs followed with their trials whose end has been sent by now.
        snapshots: first events of streams about jobs, by job.
        team_starts: first events of streams about teams.
        refused: those of the credentials in the request that do not let read any more.
    """

    position: Position
    jobs: Mapping[str, JobUpdate] = field(default_factory=dict)
    ended: Set[str] = frozenset()
    closed: Set[str] = frozenset()
    snapshots: Mapping[str, bytes] = field(default_factory=dict)
    team_starts: Mapping[TeamStart, bytes] = field(default_factory=dict)
    refused: Set[Credential] = frozenset()
    _of_feed: dict[Feed, bytes] = field(default_factory=dict)

    def events_of(self, feed: Feed) -> bytes:
        """Events of a feed; joined once for all streams that have it."""
        if feed not in self._of_feed:
            self._of_feed[feed] = feed.next(self)
        return self._of_feed[feed]


def feed_of_team(session: Session, principal: Principal, only: JobFilter, watched: Collection[str]) -> TeamFeed:
    """Feed of the caller's team, with all events of some of its jobs."""
    query = select(JobRow.id).where(JobRow.team_id == principal.team_id)
    ids = [job_id for job_id in watched if could_be_id(job_id)]
    known = frozenset(session.scalars(query.where(JobRow.id.in_(ids)))) if ids else frozenset()
    return TeamFeed(principal.team_id, only, known, frozenset(watched) - known)


def feed_of_jobs(
    session: Session, principal: Principal, job_ids: Collection[str], since: Position | None
) -> JobsFeed | None:
    """Feed of some jobs of the caller's team; None if the client has received the end of all of them.

    Args:
        session: the unit of work.
        principal: who asks.
        job_ids: the jobs; at least one.
        since: position of the last event that the client has.

    Raises:
        JobNotFound: if the team has none with one of the ids.
    """
    query = select(JobRow.id, JobRow.state, JobRow.updated_at).where(JobRow.team_id == principal.team_id)
    rows = session.execute(query.where(JobRow.id.in_([job_id for job_id in job_ids if could_be_id(job_id)]))).all()
    missing = set(job_ids) - {row.id for row in rows}
    if missing:
        raise JobNotFound(min(missing))
    # Ends are sent in this order, so a client that has the last of them has them all.
    last = max(rows, key=lambda row: (row.updated_at, row.id))
    if since is None or since.ended != last.id or since.at < last.updated_at:
        return JobsFeed(frozenset(job_ids))
    has_ended = all(row.state not in UNFINISHED_JOB for row in rows)
    return None if has_ended else JobsFeed(frozenset(job_ids))


def first_events(session: Session, start: TeamStart, encode: Encode, position: Position) -> bytes:
    """First events of a team's stream: a snapshot; or, after a position, all changes since."""
    if start.since is None:
        return encode(_team_snapshot(session, start.feed), position)
    changed = _changed_since(session, start.feed, start.since)
    if changed is None:
        gap = encode(GapData(GapReason.TOO_MANY_CHANGES, start.since.at), None)
        return gap + encode(_team_snapshot(session, start.feed), position)
    admitted = [job for job in changed if start.feed.only.admits(job)]
    return b"".join(encode(StateData(job.id, job), position) for job in admitted)


def _team_snapshot(session: Session, feed: TeamFeed) -> TeamSnapshotData:
    reader = Principal(feed.team_id, "", "", Role.VIEWER, frozenset())
    pages = [
        listing.page(session, reader, feed.only.query(state), _MOST_JOBS, None)
        for state in (JobState.RUNNING, JobState.QUEUED)
    ]
    jobs = [job for page in pages for job in page.items]
    fitting = _fitting(jobs)
    complete = len(fitting) == len(jobs) and all(page.next_cursor is None for page in pages)
    return TeamSnapshotData(fitting, complete)


def _fitting(jobs: Sequence[JobSummary]) -> Sequence[JobSummary]:
    """The first jobs, as many as an event can have."""
    sizes = accumulate(_CHARACTERS + len(job.notes or "") for job in jobs)
    return jobs[: sum(size <= _MOST_CHARACTERS for size in sizes)]


def _changed_since(session: Session, feed: TeamFeed, since: Position) -> Sequence[JobSummary] | None:
    """The jobs that may have changed since, in the order of their changes; None if they are too many."""
    query = select(JobRow).where(JobRow.team_id == feed.team_id, JobRow.updated_at >= since.at - LONGEST_TRANSACTION)
    jobs = session.scalars(query.order_by(JobRow.updated_at, JobRow.id).limit(_MOST_CHANGES + 1)).all()
    return None if len(jobs) > _MOST_CHANGES else repository.summaries(session, jobs)
