"""What is told about teams, members and API keys; plain values, apart from the store's rows and from HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from ayla_service.db.models import ApiKey, Member, Team
from ayla_service.states import Role

Item = TypeVar("Item")


class KeyState(StrEnum):
    """Whether an API key lets its holder in."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """Some of a list; ``last`` is the time and id of the last item if there are more."""

    items: list[Item]
    last: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team.

    Attributes:
        weight: its share of the workers beside other teams.
        limits: what its members may have at once, all together; one that is left out does not exist.
        paused_at: since when nothing of its queue is started.
        draining_at: since when nothing is put on its queue.
    """

    id: str
    name: str
    weight: float
    limits: Mapping[str, int]
    paused_at: datetime | None
    draining_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, team: Team) -> "TeamView":
        """What is told about a row."""
        return cls(team.id, team.name, team.weight, team.limits, team.paused_at, team.draining_at, team.created_at)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of a team.

    Attributes:
        weight: the share of the team's time beside other members.
        limits: what it may have at once; one that is left out does not exist.
        removed_at: since when it has left the team.
    """

    id: str
    name: str
    role: Role
    weight: float
    limits: Mapping[str, int]
    created_at: datetime
    removed_at: datetime | None

    @classmethod
    def of(cls, member: Member) -> "MemberView":
        """What is told about a row."""
        return cls(
            id=member.id,
            name=member.name,
            role=Role(member.role),
            weight=member.weight,
            limits=member.limits,
            created_at=member.created_at,
            removed_at=member.removed_at,
        )


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key, without the key itself, which nobody knows but its holder.

    Attributes:
        member: name of the member it belongs to.
        prefix: its first characters.
        state: whether it lets its holder in.
        last_used_at: when it was shown last, give or take a minute.
    """

    id: str
    member_id: str
    member: str
    name: str
    prefix: str
    scopes: list[str]
    state: KeyState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, member: Member, now: datetime) -> "KeyView":
        """What is told about a row."""
        return cls(
            id=key.id,
            member_id=member.id,
            member=member.name,
            name=key.name,
            prefix=key.prefix,
            scopes=key.scopes,
            state=state_of(key, now),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


def state_of(key: ApiKey, now: datetime) -> KeyState:
    """Whether a key lets its holder in at this moment, as far as that depends on the key."""
    if key.revoked_at is not None:
        return KeyState.REVOKED
    if key.expires_at is not None and key.expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key that was just made, and the key itself, which is told this once only."""

    view: KeyView
    key: str

    def __repr__(self) -> str:
        """Without the key: what is shown somewhere is soon in a log."""
        return f"NewKey({self.view.prefix}…)"


@dataclass(frozen=True, slots=True)
class Standing:
    """How much there is of something that can be limited, and how much there may be; None: no limit."""

    limit: int | None
    used: int


Standings = Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class MyView:
    """Who somebody is to the service, and what they may do and have."""

    team: TeamView
    member: MemberView
    key: KeyView | None
    scopes: list[str]
    limits: Standings
    team_limits: Standings
