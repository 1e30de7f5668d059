"""Fair queue: teams share the workers by their weights, and the members of a team share what the team gets.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) in two levels. Each team and each member has a virtual clock. Its
virtual time grows by the computing time that is used, over the weight; whoever has the least is served next. A virtual
time that is far behind those that are served is lifted to them, so that whoever comes after a long absence has a small
advantage and not all the workers. Virtual times are halved per half-life, like the usage that they stand for, which
leaves their order as it is. Pure rules.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Rank = tuple[float, float, str]
"""Place in the order of service; the smaller one is served first."""


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """Rule by which past usage counts.

    Attributes:
        half_life_seconds: time after which half of it is forgotten.
        credit_seconds: distance by which a virtual time may be behind, beside the time waited: so much computing, per
            unit of weight, is done for a member who comes back before all others are served again.
    """

    half_life_seconds: float = 3600.0
    credit_seconds: float = 60.0

    def decay(self, seconds: float) -> float:
        """Part of the usage that still counts after so many seconds, in (0, 1]."""
        return float(2.0 ** (-max(0.0, seconds) / self.half_life_seconds))


FAIR = SharePolicy()
"""With the half-life that is the setting's default."""


class VirtualClock(NamedTuple):
    """Virtual clock of a team or a member.

    Attributes:
        id: of the team or member.
        weight: its share beside others.
        virtual_time: seconds of computing over the weight; the least is served next.
        last_start: virtual time at which it was served last.
        waited: seconds for which it has had work on the queue.
    """

    id: str
    weight: float
    virtual_time: float = 0.0
    last_start: float = 0.0
    waited: float = 0.0

    @property
    def rank(self) -> Rank:
        """Least virtual time first; of equals, whoever has waited for longer."""
        return (self.virtual_time, -self.waited, self.id)

    def advanced(self, seconds: float) -> "VirtualClock":
        """The clock after so much computing."""
        start = self.virtual_time
        return VirtualClock(self.id, self.weight, start + seconds / self.weight, start, self.waited)

    def lifted(self, floor: float) -> "VirtualClock":
        """The clock, at least at the floor; but the time waited since is not taken away again."""
        least = floor - self.waited
        return self if self.virtual_time >= least else self._replace(virtual_time=least)


class ResourceUsage(NamedTuple):
    """Computing time of a member, in seconds."""

    member_id: str
    team_id: str
    seconds: float


class UsageDelta(NamedTuple):
    """Change of a team's or member's stored usage and virtual clock.

    Attributes:
        seconds: computing time that is added.
        virtual_time: growth of the virtual time.
        last_start: growth of the virtual time up to the last start.
    """

    seconds: float = 0.0
    virtual_time: float = 0.0
    last_start: float = 0.0


class FairQueue:
    """Members with queued work, in the order in which they are served.

    Args:
        teams: virtual clocks of the members' teams.
        members: virtual clocks of all members with work at one priority, by team.
        policy: limits the distance by which a virtual time may be behind.
    """

    def __init__(
        self, teams: Iterable[VirtualClock], members: Mapping[str, Sequence[VirtualClock]], policy: SharePolicy
    ) -> None:
        self._teams = _Level(list(teams), policy)
        self._members = {team_id: _Level(clocks, policy) for team_id, clocks in members.items()}

    def first(self) -> str | None:
        """The next member: of the team with the least virtual time the member with the least; None if empty."""
        team_id = self._teams.first()
        return None if team_id is None else self._members[team_id].first()

    def serve_first(self, seconds: float) -> None:
        """Charge so much computing to the next member."""
        team_id = self._teams.first()
        if team_id is not None:
            self._members[team_id].serve_first(seconds)
            self._teams.serve_first(seconds)

    def remove_first(self) -> None:
        """Take the next member out, as it has no more work."""
        team_id = self._teams.first()
        if team_id is not None and self._members[team_id].remove_first():
            self._teams.remove_first()

    def in_order(self) -> list[str]:
        """All members, about as they come if each takes little."""
        return [member_id for team_id in self._teams.in_order() for member_id in self._members[team_id].in_order()]

    def clocks(self) -> list[VirtualClock]:
        """Virtual clocks of all teams and members, lifted as the policy has it."""
        return [clock for level in (self._teams, *self._members.values()) for clock in level.clocks.values()]

    def deltas(self, used: Iterable[ResourceUsage]) -> tuple[dict[str, UsageDelta], dict[str, UsageDelta]]:
        """Changes of what is stored of members and teams, by this usage, in this order."""
        members: dict[str, UsageDelta] = {}
        teams: dict[str, UsageDelta] = {}
        for member_id, team_id, seconds in used:
            members[member_id] = self._members[team_id].delta(member_id, seconds, members.get(member_id))
            teams[team_id] = self._teams.delta(team_id, seconds, teams.get(team_id))
        return members, teams


class FairClocks:
    """Virtual clocks of all teams and members, where each worker can serve only some of them.

    The same order as that of a ``FairQueue``, looked up for one member at a time.

    Args:
        clocks: of the teams and of the members.
    """

    def __init__(self, clocks: Iterable[VirtualClock]) -> None:
        self._clocks = {clock.id: clock for clock in clocks}
        self._ranks = {clock.id: clock.rank for clock in self._clocks.values()}

    def rank(self, team_id: str, member_id: str) -> tuple[Rank, Rank]:
        """Place of a member in the order of service: that of its team first."""
        return (self._ranks[team_id], self._ranks[member_id])

    def serve(self, team_id: str, member_id: str, seconds: float) -> None:
        """Charge so much computing to a member."""
        for one_id in (team_id, member_id):
            clock = self._clocks[one_id] = self._clocks[one_id].advanced(seconds)
            self._ranks[one_id] = clock.rank


class _Level:
    """Teams, or the members of one team, in the order in which they are served.

    One that waits is never behind one that is served. One that is behind has been away, or at another priority, and is
    lifted.
    """

    def __init__(self, clocks: Sequence[VirtualClock], policy: SharePolicy) -> None:
        self._floor = max((clock.last_start for clock in clocks), default=0.0) - policy.credit_seconds
        self._stored = {clock.id: clock for clock in clocks}
        self.clocks = {clock.id: clock.lifted(self._floor) for clock in clocks}
        self._heap = [clock.rank for clock in self.clocks.values()]
        heapq.heapify(self._heap)

    def first(self) -> str | None:
        return self._heap[0][2] if self._heap else None

    def serve_first(self, seconds: float) -> None:
        one_id = self._heap[0][2]
        clock = self.clocks[one_id] = self.clocks[one_id].advanced(seconds)
        heapq.heapreplace(self._heap, clock.rank)

    def remove_first(self) -> bool:
        """Take the first out; returns whether nobody is left."""
        heapq.heappop(self._heap)
        return not self._heap

    def in_order(self) -> list[str]:
        return [one_id for _, _, one_id in sorted(self._heap)]

    def delta(self, one_id: str, seconds: float, before: UsageDelta | None) -> UsageDelta:
        stored = self._stored[one_id]
        since = before or UsageDelta(virtual_time=stored.lifted(self._floor).virtual_time - stored.virtual_time)
        clock = VirtualClock(one_id, stored.weight, since.virtual_time).advanced(seconds)
        return UsageDelta(since.seconds + seconds, clock.virtual_time, clock.last_start)
