"""Polls of a store, as a process with open streams makes them."""

from datetime import timedelta

from ayla_service.db.models import JobRow
from ayla_service.db.session import Database, store_now
from ayla_service.streams.events import Position
from ayla_service.streams.feeds import PollRequest, PollResult, TeamFeed
from ayla_service.streams.poll import Poller
from ayla_service.streams.routes.sse import encode_event
from ayla_service.teams.principal import LOCAL

from tests.streaming import ReceivedEvent, events_of

TEAM = TeamFeed(LOCAL.team_id)


class StreamPolls:
    """Polls of a process that has some streams open."""

    def __init__(self, database: Database) -> None:
        self.seconds = 0.0
        self.poller = Poller(database, encode_event, lambda: self.seconds)

    def poll(self, **request: object) -> PollResult:
        """The next poll, a quarter of a second after the one before."""
        self.seconds += 0.25
        return self.poller.poll(PollRequest(**request))  # type: ignore[arg-type]  # as the test says

    def open(self, *job_ids: str) -> list[ReceivedEvent]:
        """First events of a new stream about jobs."""
        result = self.poll(jobs=set(job_ids), snapshots=set(job_ids))
        return events_of(b"".join(result.snapshots.values()))

    def job(self, job_id: str) -> list[ReceivedEvent]:
        """New events of an open stream about a job."""
        result = self.poll(jobs={job_id})
        return events_of(result.jobs[job_id].for_job) if job_id in result.jobs else []

    def team(self, feed: TeamFeed = TEAM) -> list[ReceivedEvent]:
        """New events of an open stream about a team."""
        return events_of(self.poll(jobs=feed.watched, teams={feed.team_id}).events_of(feed))

    def open_team(self, feed: TeamFeed = TEAM, since: Position | None = None) -> list[ReceivedEvent]:
        """First events of a new stream about a team."""
        named = feed.watched | feed.unknown
        found = self.poll(jobs=feed.watched, snapshots=named, teams={feed.team_id}, team_starts={feed.start(since)})
        return events_of(feed.first(found, since) or b"")


def age(database: Database, job_id: str, seconds: float) -> None:
    """Set the time of a job's last change to so many seconds ago."""
    with database.write() as session:
        session.get_one(JobRow, job_id).updated_at = store_now(session) - timedelta(seconds=seconds)
