"""Looks at a store as a process makes them that has streams open."""

from datetime import timedelta

from ayla_service.db.models import Job
from ayla_service.db.session import Database, store_now
from ayla_service.streams.events import Position
from ayla_service.streams.feeds import News, TeamFeed, TeamOpening, Wanted
from ayla_service.streams.poll import Board
from ayla_service.streams.routes.sse import encode_event
from ayla_service.teams.principal import LOCAL

from tests.streaming import Told, events_of

TEAM = TeamFeed(LOCAL.team_id)


class Looker:
    """Looks at a store as a process does that has some streams open."""

    def __init__(self, database: Database) -> None:
        self.seconds = 0.0
        self.board = Board(database, encode_event, lambda: self.seconds)

    def look(self, **wanted: object) -> News:
        """The next look, a quarter of a second after the one before."""
        self.seconds += 0.25
        return self.board.look(Wanted(**wanted))  # type: ignore[arg-type]  # as the test says

    def open(self, *job_ids: str) -> list[Told]:
        """What a new stream about jobs begins with."""
        news = self.look(jobs=set(job_ids), snapshots=set(job_ids))
        return events_of(b"".join(news.snapshots.values()))

    def job(self, job_id: str) -> list[Told]:
        """What an open stream about a job goes on with."""
        news = self.look(jobs={job_id})
        return events_of(news.jobs[job_id].for_job) if job_id in news.jobs else []

    def team(self, feed: TeamFeed = TEAM) -> list[Told]:
        """What an open stream about a team goes on with."""
        return events_of(self.look(teams={feed.team_id}).about(feed))

    def open_team(self, feed: TeamFeed = TEAM, since: Position | None = None) -> list[Told]:
        """What a new stream about a team begins with."""
        opening = TeamOpening(feed, since)
        return events_of(self.look(teams={feed.team_id}, openings={opening}).openings[opening])


def age(database: Database, job_id: str, seconds: float) -> None:
    """Let a job have changed last so long ago."""
    with database.write() as session:
        session.get_one(Job, job_id).updated_at = store_now(session) - timedelta(seconds=seconds)
