"""Answers of the service about teams. Generated from openapi.json by `make client`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ayla.models.base import ResponseModel


class Key(ResponseModel):
    """An API key, without the key itself.

    Attributes:
        last_used_at: when it was shown last, give or take a minute.
        member: name of the member it belongs to.
        prefix: its first characters.
        scopes: what it lets do, as far as its member's role allows.
        state: active, expired or revoked.
    """

    created_at: datetime
    expires_at: datetime | None
    id: str
    last_used_at: datetime | None
    member: str
    member_id: str
    name: str
    prefix: str
    revoked_at: datetime | None
    scopes: tuple[str, ...]
    state: str


class KeyWithSecret(ResponseModel):
    """An API key that was just made.

    Attributes:
        key: the key itself. It is shown this once only: the service keeps no more than its digest.
        last_used_at: when it was shown last, give or take a minute.
        member: name of the member it belongs to.
        prefix: its first characters.
        scopes: what it lets do, as far as its member's role allows.
        state: active, expired or revoked.
    """

    created_at: datetime
    expires_at: datetime | None
    id: str
    key: str = Field(repr=False)
    last_used_at: datetime | None
    member: str
    member_id: str
    name: str
    prefix: str
    revoked_at: datetime | None
    scopes: tuple[str, ...]
    state: str


class Standing(ResponseModel):
    """A limit, and how much of it is used.

    Attributes:
        limit: how much there may be; None: any amount.
    """

    limit: int | None
    used: int


class LimitsUsed(ResponseModel):
    """All limits, with how much of each is used.

    Attributes:
        queued_jobs: jobs that have not ended.
        steps: steps in jobs that have not ended.
        stored_bytes: bytes of results of jobs that have ended, and of datasets.
        trials: trials in jobs that have not ended.
        workers: workers at once.
    """

    queued_jobs: Standing
    steps: Standing
    stored_bytes: Standing
    trials: Standing
    workers: Standing


class Member(ResponseModel):
    """A member of the team.

    Attributes:
        limits: what the member may have at once; what is not listed has no limit.
        removed_at: since when the member has left the team; None: not.
        role: viewer, member or admin.
        weight: the share of the team's computing time beside other members.
    """

    created_at: datetime
    id: str
    limits: dict[str, int]
    name: str
    removed_at: datetime | None
    role: str
    weight: float


class Team(ResponseModel):
    """The team: people who see each other's jobs, and nobody else's.

    Attributes:
        draining_at: since when nothing is put on its queue; None: it is.
        limits: what all members together have and may have, set by the operator.
        paused_at: since when nothing of its queue is started; None: it is.
        weight: its share of the workers beside other teams, set by the operator.
    """

    created_at: datetime
    draining_at: datetime | None
    id: str
    limits: LimitsUsed
    name: str
    paused_at: datetime | None
    weight: float


class Me(ResponseModel):
    """Caller of the request: member, team, API key, scopes, and limits with what is used of them.

    Attributes:
        key: the API key it came with; None where the service needs none.
        limits: what the member has and may have at once.
        scopes: what the request may do: what key and role allow both.
    """

    key: Key | None
    limits: LimitsUsed
    member: Member
    scopes: tuple[str, ...]
    team: Team


class MemberHours(ResponseModel):
    """Hours of workers that jobs of a member have used.

    Attributes:
        hours: one number for each week.
        member: name of the member.
    """

    hours: tuple[float, ...]
    member: str
    member_id: str


class ProjectHours(ResponseModel):
    """Hours of workers that jobs of a project have used.

    Attributes:
        hours: one number for each week.
        project: None: jobs without a project.
    """

    hours: tuple[float, ...]
    project: str | None


class WeeklyUsage(ResponseModel):
    """Hours of workers that a team has used, by the week (in UTC) in which an attempt at a job began.

    Attributes:
        members: members with any, the largest use first.
        projects: projects with any, likewise.
        total: hours of the whole team, one number for each week.
        weeks: the Monday of each week, the oldest first; the last is not over.
    """

    members: tuple[MemberHours, ...]
    projects: tuple[ProjectHours, ...]
    total: tuple[float, ...]
    weeks: tuple[str, ...]
