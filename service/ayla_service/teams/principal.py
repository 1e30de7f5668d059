"""Who a request comes from, and what it may do."""

from dataclasses import dataclass
from enum import StrEnum

from ayla_service.states import Role


class Scope(StrEnum):
    """What an API key lets its holder do; each is a right of its own, though every role has those below it."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.MEMBER: frozenset({Scope.READ, Scope.SUBMIT}),
    Role.ADMIN: frozenset(Scope),
}
"""The most that a key of a member with this role can let do."""

DEFAULT_TEAM_ID = "00000000-0000-4000-8000-000000000001"
DEFAULT_MEMBER_ID = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True, slots=True)
class Principal:
    """A member of a team, as far as one request shows.

    Attributes:
        team_id: the team whose things it sees, and nobody else's.
        member_id: who owns what it makes.
        name: of the member.
        role: in the team.
        scopes: what this request may do: what its key says and the role allows.
        key_id: the API key it came with; None in the open service.
    """

    team_id: str
    member_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    key_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody had to show a key."""
        return self.key_id is None

    @property
    def is_admin(self) -> bool:
        """Whether it may look after the team and all of its jobs."""
        return Scope.ADMIN in self.scopes

    def may_change(self, owner_id: str) -> bool:
        """Whether it may change what this member owns."""
        return self.is_admin or self.member_id == owner_id


LOCAL = Principal(DEFAULT_TEAM_ID, DEFAULT_MEMBER_ID, "local", Role.ADMIN, frozenset(Scope))
"""Who is at work on a service without keys, which this machine alone can reach."""
