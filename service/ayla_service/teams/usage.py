"""Computing time that members and projects of a team have used, week by week."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from pydantic import Field
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from ayla_service.db.durations import SecondsBetween
from ayla_service.db.models import AttemptRow, JobRow, MemberRow, ShardRow
from ayla_service.db.session import store_now
from ayla_service.schemas import FrozenModel

MOST_WEEKS = 53

_HOUR = 3600.0


class MemberHours(FrozenModel):
    """Hours of workers that jobs of a member have used."""

    member_id: str
    member: str = Field(description="Name of the member.")
    hours: list[float] = Field(description="One number for each week.")


class ProjectHours(FrozenModel):
    """Hours of workers that jobs of a project have used."""

    project: str | None = Field(description="Null: jobs without a project.")
    hours: list[float] = Field(description="One number for each week.")


class WeeklyUsage(FrozenModel):
    """Hours of workers that a team has used, by the week (in UTC) in which an attempt at a job began.

    Attempts at jobs that were deleted are gone.
    """

    weeks: list[date] = Field(description="The Monday of each week, the oldest first; the last is not over.")
    total: list[float] = Field(description="Hours of the whole team, one number for each week.")
    members: list[MemberHours] = Field(description="Members with any, the largest use first.")
    projects: list[ProjectHours] = Field(description="Projects with any, likewise.")


def weekly_usage(session: Session, team_id: str, weeks: int) -> WeeklyUsage:
    """What the jobs of a team have used in the last weeks; what runs counts until now.

    Args:
        session: to read with.
        team_id: the team.
        weeks: how many, the current one among them.
    """
    now = store_now(session)
    mondays = _mondays(now.date(), weeks)
    rows = list(_rows(session, team_id, mondays))
    named = select(MemberRow.id, MemberRow.name).where(MemberRow.team_id == team_id)
    names = {row.id: row.name for row in session.execute(named)}
    members, projects = _by(rows, 0, weeks), _by(rows, 1, weeks)
    return WeeklyUsage(
        weeks=mondays,
        total=[sum(hours) for hours in zip(*members.values(), strict=True)] or [0.0] * weeks,
        members=[
            MemberHours(member_id=str(member), member=names.get(str(member), ""), hours=hours)
            for member, hours in members.items()
        ],
        projects=[ProjectHours(project=project, hours=hours) for project, hours in projects.items()],
    )


def _mondays(today: date, weeks: int) -> list[date]:
    last = today - timedelta(days=today.weekday())
    return [last - timedelta(weeks=ago) for ago in reversed(range(weeks))]


_Row = tuple[str, str | None, int, float]
"""Member, project, place of the week, hours."""


def _rows(session: Session, team_id: str, mondays: Sequence[date]) -> Iterator[_Row]:
    starts = [datetime.combine(monday, time(), UTC) for monday in mondays]
    # The newest week first: the first condition that holds counts.
    week = case(*((AttemptRow.started_at >= start, place) for place, start in reversed(list(enumerate(starts)))))
    ended = func.coalesce(AttemptRow.ended_at, AttemptRow.heartbeat_at)
    used = func.sum(SecondsBetween(AttemptRow.started_at, ended))
    query = (
        select(JobRow.owner_id, JobRow.project, week.label("week"), used)
        .select_from(AttemptRow)
        .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
        .join(JobRow, JobRow.id == ShardRow.job_id)
        .where(JobRow.team_id == team_id, AttemptRow.started_at >= starts[0])
        .group_by(JobRow.owner_id, JobRow.project, text("week"))
    )
    for owner, project, place, seconds in session.execute(query):
        yield owner, project, place, max(0.0, seconds) / _HOUR


def _by(rows: Sequence[_Row], which: int, weeks: int) -> dict[str | None, list[float]]:
    """The hours by member or by project, those with the most first."""
    found: dict[str | None, list[float]] = {}
    for row in rows:
        name = row[0] if which == 0 else row[1]
        found.setdefault(name, [0.0] * weeks)[row[2]] += row[3]
    return dict(sorted(found.items(), key=lambda one: (-sum(one[1]), one[0] or "")))
