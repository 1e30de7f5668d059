"""Whose turn it is: teams share the workers by their weights, and the members of a team what it gets by theirs.

Start-time fair queueing in two levels. Each team and each member has a *turn*, which grows by the computing time that
is used, over the weight; whoever has the least is served next. A turn that is far behind those that are served is
lifted to them, so that whoever comes after a long absence has a small advantage and not all the workers. Turns are
halved per half-life, like the use that they stand for, which leaves their order as it is. Pure rules.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


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


class Turn(NamedTuple):
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


class Used(NamedTuple):
    """Computing time of a member, in seconds."""

    member_id: str
    team_id: str
    seconds: float


class Growth(NamedTuple):
    """What has become of a turn.

    Attributes:
        seconds: that were used.
        at: the turn is now this much further.
        served: when it was served last it was this much further.
    """

    seconds: float = 0.0
    at: float = 0.0
    served: float = 0.0


class Turns:
    """Teams and their members as they take turns.

    Args:
        teams: those of the members.
        members: all who have work at one priority, by team.
        policy: how far behind a turn may be.
    """

    def __init__(self, teams: Iterable[Turn], members: Mapping[str, Sequence[Turn]], policy: SharePolicy) -> None:
        self._teams = _Order(list(teams), policy)
        self._members = {team_id: _Order(some, policy) for team_id, some in members.items()}

    def first(self) -> str | None:
        """Who is next: of the team with the least turn the member with the least; None if nobody is left."""
        team_id = self._teams.first()
        return None if team_id is None else self._members[team_id].first()

    def take(self, seconds: float) -> None:
        """Do so much computing for who is first."""
        team_id = self._teams.first()
        if team_id is not None:
            self._members[team_id].take(seconds)
            self._teams.take(seconds)

    def drop(self) -> None:
        """Leave out who is first, and has nothing more."""
        team_id = self._teams.first()
        if team_id is not None and self._members[team_id].drop():
            self._teams.drop()

    def in_order(self) -> list[str]:
        """All members, about as they come if each takes little."""
        return [member_id for team_id in self._teams.in_order() for member_id in self._members[team_id].in_order()]

    def at(self) -> dict[str, float]:
        """The turns of all members and teams, by id."""
        return {one_id: at for order in (self._teams, *self._members.values()) for one_id, at in order.at()}

    def grown(self, used: Iterable[Used]) -> tuple[dict[str, Growth], dict[str, Growth]]:
        """What becomes of the turns of members and teams by what is used, in this order, by whomever."""
        members: dict[str, Growth] = {}
        teams: dict[str, Growth] = {}
        for member_id, team_id, seconds in used:
            members[member_id] = self._members[team_id].grown(member_id, seconds, members.get(member_id))
            teams[team_id] = self._teams.grown(team_id, seconds, teams.get(team_id))
        return members, teams


class _Order:
    """Some who share, best first: of equals, whoever has waited for longer.

    Who waits is never behind who is served; so whoever is has been away, or at another priority, and is lifted. But the
    time waited since is not taken away again.
    """

    def __init__(self, turns: Sequence[Turn], policy: SharePolicy) -> None:
        self._turns = {turn.id: turn for turn in turns}
        self._floor = max((turn.served for turn in turns), default=0.0) - policy.credit_seconds
        self._heap = [(self._lifted(turn), -turn.waited, turn.id) for turn in turns]
        heapq.heapify(self._heap)

    def first(self) -> str | None:
        return self._heap[0][2] if self._heap else None

    def take(self, seconds: float) -> None:
        at, waited, one_id = self._heap[0]
        heapq.heapreplace(self._heap, (at + seconds / self._turns[one_id].weight, waited, one_id))

    def drop(self) -> bool:
        """Leave out the first; returns whether nobody is left."""
        heapq.heappop(self._heap)
        return not self._heap

    def in_order(self) -> list[str]:
        return [one_id for _, _, one_id in sorted(self._heap)]

    def at(self) -> list[tuple[str, float]]:
        return [(one_id, at) for at, _, one_id in self._heap]

    def grown(self, one_id: str, seconds: float, before: Growth | None) -> Growth:
        turn = self._turns[one_id]
        since = before or Growth(at=self._lifted(turn) - turn.at)
        return Growth(since.seconds + seconds, since.at + seconds / turn.weight, since.at)

    def _lifted(self, turn: Turn) -> float:
        return max(turn.at, self._floor - turn.waited)
