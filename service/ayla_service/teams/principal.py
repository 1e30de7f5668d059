"""Principal: the member that a request comes from, with its scopes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ayla_service.states import Role


class Scope(StrEnum):
    """Rights of an API key; each stands for itself, though every role has those of the roles below it."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.MEMBER: frozenset({Scope.READ, Scope.SUBMIT}),
    Role.ADMIN: frozenset(Scope),
}
"""Scopes that the keys of a member with this role can have."""

DEFAULT_TEAM_ID = "00000000-0000-4000-8000-000000000001"
DEFAULT_MEMBER_ID = "00000000-0000-4000-8000-000000000002"


class Credential(NamedTuple):
    """What lets a caller in: a key, or a session of one; neither while the service needs none."""

    key_id: str | None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Caller of one request.

    Attributes:
        team_id: its team; it sees nothing of other teams.
        member_id: the member, who owns what the request makes.
        name: of the member.
        role: in the team.
        scopes: rights of this request: those of its key that the role allows.
        key_id: the API key of the request; None while the service needs none.
        session: digest of the token of the session that stands for the key; None if the key itself was shown.
    """

    team_id: str
    member_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    key_id: str | None = None
    session: str | None = None

    @property
    def credential(self) -> "Credential":
        """Why it was let in."""
        return Credential(self.key_id, self.session)

    @property
    def is_open(self) -> bool:
        """Whether the service needs no key yet."""
        return self.key_id is None

    @property
    def is_admin(self) -> bool:
        """Whether it may manage the team and all of its jobs."""
        return Scope.ADMIN in self.scopes

    def may_change(self, owner_id: str) -> bool:
        """Whether it may change what this member owns."""
        return self.is_admin or self.member_id == owner_id


LOCAL = Principal(DEFAULT_TEAM_ID, DEFAULT_MEMBER_ID, "local", Role.ADMIN, frozenset(Scope))
"""The caller while the service needs no keys, which only this machine can reach then."""
