"""Schemas of teams, members and API keys: bodies of requests and of answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from ayla_spec.model import SpecModel
from ayla_spec.text import Project as ShortName
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from ayla_service import cursors
from ayla_service.db import models
from ayla_service.schemas import Change, Id
from ayla_service.states import Role
from ayla_service.teams.keys import LONGEST_OVERLAP, KeyState, state_of
from ayla_service.teams.principal import Scope

_MOST = 2**53 - 1


def _from_text(value: object) -> object:
    """JSON has no times; numbers, which pydantic would take as well, are none here."""
    if not isinstance(value, str):
        raise ValueError("must be a time with its zone, such as 2030-01-31T12:00:00Z")  # noqa: TRY004  # pydantic's
    return value


# JSON has no enums either; these are read from texts, in models that else take every value as it is.
AnyRole = Annotated[Role, Field(strict=False, description="Look (viewer), also submit (member), also manage (admin).")]
AnyScope = Annotated[Scope, Field(strict=False)]
AnyTime = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_from_text)]
Weight = Annotated[
    float, Field(ge=0.001, le=1000, description="The share of the team's computing time beside other members.")
]
_Amount = Annotated[int | None, Field(ge=0, le=_MOST)]


class LimitsChange(Change):
    """Change of limits; null removes one, what is left out stays as it is."""

    queued_jobs: _Amount = Field(None, description="Jobs that have not ended.")
    trials: _Amount = Field(None, description="Trials in jobs that have not ended.")
    steps: _Amount = Field(None, description="Steps in jobs that have not ended.")
    stored_bytes: _Amount = Field(None, description="Bytes of results and datasets.")
    workers: _Amount = Field(None, description="Workers at once.")


class MemberDraft(SpecModel):
    """Member to be added to the team."""

    name: ShortName = Field(description="A person or a program; unique within the team.", examples=["alice"])
    role: AnyRole = Role.MEMBER
    weight: Weight = 1.0
    limits: LimitsChange = Field(default_factory=LimitsChange, description="What the member may have at once.")


class MemberChange(Change):
    """Change of a member; what is left out stays."""

    name: ShortName = Field("", description="Unique within the team.")
    role: AnyRole = Role.MEMBER
    weight: Weight = 1.0
    limits: LimitsChange = Field(default_factory=LimitsChange, description="Limits to change; null takes one away.")

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value.changes() if isinstance(value, LimitsChange) else value for name, value in given.items()}


class KeyDraft(SpecModel):
    """API key to be made."""

    name: ShortName = Field(description="For people: what it is for.", examples=["nightly sweeps"])
    member_id: Id | None = Field(None, max_length=64, description="Whose it is; only an admin names another member.")
    scopes: Annotated[list[AnyScope], Field(min_length=1, max_length=len(Scope))] | None = Field(
        None,
        description="What it lets do: read, submit (also steer jobs), admin (also manage the team), each for itself. "
        "Not more than the member's role and the key of this request. Default: as much as these allow.",
    )
    expires_at: AnyTime | None = Field(
        None, description="When it ends, at most 5 years from now; null: never. Not after the key of this request ends."
    )


class KeyRotation(SpecModel):
    """Replacement of a key."""

    overlap_seconds: int = Field(
        0,
        ge=0,
        le=int(LONGEST_OVERLAP.total_seconds()),
        description="How long the old key goes on beside the new one, at most 7 days; 0 ends it at once.",
    )
    expires_at: AnyTime | None = Field(
        None, description="When the new key ends; null: when the old one would have ended."
    )


class SignIn(SpecModel):
    """What a browser signs in with."""

    key: str = Field(
        min_length=1, max_length=200, repr=False, description="An API key.", examples=["ayla_Xq3bT9w0n8u2o6J5yq1aT8k…"]
    )


class SessionKind(StrEnum):
    """Why a caller is let in."""

    SESSION = "session"
    KEY = "key"
    OPEN = "open"


class Session(BaseModel, frozen=True):
    """How the caller is let in, until when, and what it may do."""

    kind: SessionKind = Field(
        description="By the session of a browser (session), by the API key of this request (key), or because the "
        "service has no keys yet (open)."
    )
    scopes: list[Scope] = Field(description="What the request may do: what key and role allow both.")
    expires_at: datetime | None = Field(description="When the session or key ends; null: never.")


class Key(BaseModel, frozen=True):
    """An API key, without the key itself."""

    id: str
    member_id: str
    member: str = Field(description="Name of the member it belongs to.")
    name: str
    prefix: str = Field(description="Its first characters.", examples=["ayla_Xq3bT9w"])
    scopes: list[Scope] = Field(description="What it lets do, as far as its member's role allows.")
    state: KeyState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="When it was shown last, give or take a minute.")

    @classmethod
    def of(cls, row: models.ApiKeyRow, member: models.MemberRow, now: datetime) -> Self:
        """The answer about one key."""
        columns = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
        found = {name: getattr(row, name) for name in columns}
        return cls(member_id=member.id, member=member.name, state=state_of(row, now), **found)


class KeyWithSecret(Key):
    """An API key that was just made."""

    key: str = Field(
        repr=False,
        description="The key itself. It is shown this once only: the service keeps no more than its digest.",
        examples=["ayla_Xq3bT9w0n8u2o6J5yq1aT8kYcV7mPz4dRs0LhWf3gEi"],
    )


class KeyPage(BaseModel, frozen=True):
    """One page of keys, newest first."""

    data: list[Key]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class LimitUsage(BaseModel, frozen=True):
    """A limit, and how much of it is used."""

    limit: int | None = Field(description="How much there may be; null: any amount.")
    used: int


class LimitsUsed(BaseModel, frozen=True):
    """All limits, with how much of each is used."""

    queued_jobs: LimitUsage = Field(description="Jobs that have not ended.")
    trials: LimitUsage = Field(description="Trials in jobs that have not ended.")
    steps: LimitUsage = Field(description="Steps in jobs that have not ended.")
    stored_bytes: LimitUsage = Field(description="Bytes of results of jobs that have ended, and of datasets.")
    workers: LimitUsage = Field(description="Workers at once.")


class Member(BaseModel, frozen=True, from_attributes=True):
    """A member of the team."""

    id: str
    name: str
    role: Role
    weight: float = Field(description="The share of the team's computing time beside other members.")
    limits: dict[str, int] = Field(description="What the member may have at once; what is not listed has no limit.")
    created_at: datetime
    removed_at: datetime | None = Field(description="Since when the member has left the team; null: not.")

    @classmethod
    def of(cls, row: models.MemberRow) -> Self:
        """The answer about one member."""
        return cls.model_validate(row)


class MemberPage(BaseModel, frozen=True):
    """One page of members, in the order in which they came."""

    data: list[Member]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class Team(BaseModel, frozen=True):
    """The team: people who see each other's jobs, and nobody else's."""

    id: str
    name: str
    weight: float = Field(description="Its share of the workers beside other teams, set by the operator.")
    paused_at: datetime | None = Field(description="Since when nothing of its queue is started; null: it is.")
    draining_at: datetime | None = Field(description="Since when nothing is put on its queue; null: it is.")
    created_at: datetime
    limits: LimitsUsed = Field(description="What all members together have and may have, set by the operator.")

    @classmethod
    def of(cls, row: models.TeamRow, limits: LimitsUsed) -> Self:
        """The answer about the team."""
        columns = ("id", "name", "weight", "paused_at", "draining_at", "created_at")
        return cls(**{name: getattr(row, name) for name in columns}, limits=limits)


class Me(BaseModel, frozen=True):
    """Caller of the request: member, team, API key, scopes, and limits with what is used of them."""

    member: Member
    team: Team
    scopes: list[Scope] = Field(description="What the request may do: what key and role allow both.")
    key: Key | None = Field(description="The API key it came with; null where the service needs none.")
    limits: LimitsUsed = Field(description="What the member has and may have at once.")


def cursor_after(row: models.ApiKeyRow | models.MemberRow) -> str:
    """The cursor of the page after this row."""
    return cursors.encode(row.created_at.isoformat(), row.id)
