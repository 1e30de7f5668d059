"""What a stream is about, and what is looked for in the store for all of them together."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import JobState, LabelKind
from ayla_service.streams.positions import Position


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which of a team's jobs a stream tells of; None: whichever."""

    project: str | None = None
    tag: str | None = None
    owner: str | None = None

    def admits(self, job: JobSummary) -> bool:
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
    job: JobSummary
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
