"""Whose turn it is: teams share the workers by their weights, and the members of a team what it gets by theirs.

Start-time fair queueing in two levels. Each team and each member has a *turn*, which grows by the computing time that
is used, over the weight; whoever has the least is served next. A turn that is far behind those that are served is
lifted to them, so that whoever comes after a long absence has a small advantage and not all the workers. Turns are
halved per half-life, like the use that they stand for, which leaves their order as it is. Pure rules.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """How use is remembered.

    Attributes:
        half_life_seconds: after so long half of it is forgotten.
        credit_seconds: how far a turn may be behind, beside the time waited: so much computing, per unit of weight, is
            done for who comes back before all others are served again.
    """

    half_life_seconds: float = 3600.0
    credit_seconds: float = 60.0

    def kept(self, seconds: float) -> float:
        """Which part of what was used so long ago is remembered."""
        return float(2.0 ** (-max(0.0, seconds) / self.half_life_seconds))


FAIR = SharePolicy()
"""With the half-life that is the setting's default."""


@dataclass(slots=True)
class Turn:
    """Where a team or a member stands.

    Attributes:
        id: of the team or member.
        weight: its share beside others.
        at: its turn; who has the least is next.
        served: what its turn was when it was served last.
        waited: for how many seconds it has had work on the queue.
    """

    id: str
    weight: float
    at: float = 0.0
    served: float = 0.0
    waited: float = 0.0

    def take(self, seconds: float) -> None:
        """Be served."""
        self.served = self.at
        self.at += seconds / self.weight

    @property
    def place(self) -> "Place":
        """What is compared: of equals, whoever has waited for longer comes first."""
        return (self.at, -self.waited, self.id)


Place = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Contender:
    """A member with queued work, and the member's team."""

    member: Turn
    team: Turn

    @property
    def id(self) -> str:
        """Of the member."""
        return self.member.id


@dataclass(slots=True)
class _Team:
    turn: Turn
    members: dict[str, Contender] = field(default_factory=dict)
    order: list[Place] = field(default_factory=list)


class Turns:
    """The contenders as they take turns.

    Args:
        contenders: all with work at one priority; those of a team have one and the same ``team``. Their turns are
            changed.
        policy: how far behind a turn may be.
    """

    def __init__(self, contenders: Iterable[Contender], policy: SharePolicy) -> None:
        self._teams: dict[str, _Team] = {}
        for contender in contenders:
            team = self._teams.setdefault(contender.team.id, _Team(contender.team))
            team.members[contender.id] = contender
        self._order = _ordered([team.turn for team in self._teams.values()], policy)
        for team in self._teams.values():
            team.order = _ordered([contender.member for contender in team.members.values()], policy)

    def first(self) -> Contender | None:
        """Who is next: of the team with the least turn the member with the least; None if nobody is left."""
        if not self._order:
            return None
        team = self._first_team()
        return team.members[team.order[0][2]]

    def take(self, seconds: float) -> None:
        """Do so much computing for who is first."""
        team = self._first_team()
        member = team.members[team.order[0][2]].member
        member.take(seconds)
        team.turn.take(seconds)
        heapq.heapreplace(team.order, member.place)
        heapq.heapreplace(self._order, team.turn.place)

    def drop(self) -> None:
        """Leave out who is first, and has nothing more."""
        team = self._first_team()
        heapq.heappop(team.order)
        if not team.order:
            heapq.heappop(self._order)

    def in_order(self) -> list[Contender]:
        """All of them, about as they come if each takes little."""
        teams = [self._teams[team_id] for _, _, team_id in sorted(self._order)]
        return [team.members[member_id] for team in teams for _, _, member_id in sorted(team.order)]

    def _first_team(self) -> _Team:
        return self._teams[self._order[0][2]]


def _ordered(turns: list[Turn], policy: SharePolicy) -> list[Place]:
    """A heap of where they stand, once those that were away are lifted.

    Who waits is never behind who is served, so whoever is has been away, or at another priority; the time waited since
    then is not taken away again.
    """
    reached = max((turn.served for turn in turns), default=0.0)
    for turn in turns:
        turn.at = max(turn.at, reached - policy.credit_seconds - turn.waited)
    places = [turn.place for turn in turns]
    heapq.heapify(places)
    return places
