"""When what waits will be started: the policy played through, with the workers that live. Pure rules.

What is far ahead is played in pieces of many shards, so that a long queue takes no longer than a short one.
"""

import heapq
import itertools
import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

_MOST_PIECES = 1500
_MOST_LOOKS = 150_000
"""Looks at a lane: there are as many at each piece as there are lanes."""


@dataclass(slots=True)
class Part:
    """Shards that follow each other in a lane; ``seconds`` is how long one of them is expected to take."""

    job_id: str | None
    shards: int
    seconds: float


@dataclass(slots=True)
class Lane:
    """What a member has queued of one priority for one kind of device, in order."""

    priority: int
    device: str
    team_id: str
    member_id: str
    parts: deque[Part] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """Of all of it."""
        return sum(part.shards * part.seconds for part in self.parts)


@dataclass(slots=True)
class Server:
    """A worker: in how many seconds it is free, what it serves, and for whom it works until then."""

    devices: Collection[str]
    free_in: float = 0.0
    works_for: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares, by the id of a member or team.

    Attributes:
        weights: the shares beside others.
        turns: at this moment, after which they are served.
        waited: for how long they have had work on the queue, which decides between equals.
        most_workers: limits on workers at a time.
    """

    weights: Mapping[str, float]
    turns: Mapping[str, float]
    waited: Mapping[str, float]
    most_workers: Mapping[str, float]


@dataclass(slots=True)
class Expectation:
    """What is expected of a job.

    Attributes:
        ahead: shards that are started before its first.
        seconds_ahead: how long these are expected to take, one after the other.
        start: in how many seconds its first shard is started.
        finish: in how many seconds its last shard ends; None if that is too far away to be played.
    """

    ahead: int
    seconds_ahead: float
    start: float
    finish: float | None = None


def forecast(
    servers: Iterable[Server],
    lanes: Collection[Lane],
    sharing: Sharing,
    wanted: Collection[str],
    enough: int | None = None,
) -> dict[str, Expectation]:
    """What is to be expected of the wanted jobs; of those that no worker serves, or not for long, there is nothing.

    Args:
        servers: the workers that live.
        lanes: all that is queued; they are emptied.
        sharing: who shares.
        wanted: the jobs.
        enough: so many of them, those that are started first, are enough.
    """
    play = _Play(servers, lanes, sharing, wanted, len(wanted) if enough is None else enough)
    while play.goes_on():
        play.serve()
    return play.expected


class _Play:
    def __init__(
        self,
        servers: Iterable[Server],
        lanes: Collection[Lane],
        sharing: Sharing,
        wanted: Collection[str],
        enough: int,
    ) -> None:
        self.expected: dict[str, Expectation] = {}
        self._lanes = sorted((lane for lane in lanes if lane.parts), key=lambda lane: lane.priority)
        self._sharing = sharing
        self._turns = dict(sharing.turns)
        self._left = _shards_of(self._lanes, wanted)
        self._enough = enough
        self._piece = _seconds_ahead(self._lanes, wanted) / _MOST_PIECES
        self._looks = _MOST_LOOKS
        self._ends: dict[str, float] = defaultdict(float)
        self._numbers = itertools.count()
        self._busy: dict[str, int] = defaultdict(int)
        self._idle: list[Server] = []
        self._working: list[tuple[float, int, Server]] = []
        self._ahead, self._seconds_ahead = 0, 0.0
        for server in servers:
            self._occupy(server, server.free_in, server.works_for)

    def goes_on(self) -> bool:
        return bool(self._left and self._working and self._lanes and self._looks > 0)

    def serve(self) -> None:
        """Free the next worker, and give it and those that found nothing before whatever there is."""
        now, _, server = heapq.heappop(self._working)
        for one in server.works_for:
            self._busy[one] -= 1
        free, self._idle = [server, *self._idle], []
        for server in free:
            lane = self._best(server)
            if lane is None:
                self._idle.append(server)
            else:
                self._start(server, lane, now)

    def _best(self, server: Server) -> Lane | None:
        best, place, priority = None, ((0.0, 0.0, ""),) * 2, 0
        self._looks -= len(self._lanes)
        for lane in self._lanes:
            if best is not None and lane.priority != priority:
                break
            if lane.device in server.devices and self._has_room(lane):
                here = (self._place(lane.team_id), self._place(lane.member_id))
                if best is None or here < place:
                    best, place, priority = lane, here, lane.priority
        return best

    def _place(self, one: str) -> tuple[float, float, str]:
        return (self._turns[one], -self._sharing.waited.get(one, 0.0), one)

    def _has_room(self, lane: Lane) -> bool:
        most = self._sharing.most_workers
        return not most or all(self._busy[one] < most.get(one, math.inf) for one in (lane.member_id, lane.team_id))

    def _start(self, server: Server, lane: Lane, now: float) -> None:
        part = lane.parts[0]
        shards = max(1, min(part.shards, int(self._piece / part.seconds) if part.seconds > 0 else part.shards))
        seconds = shards * part.seconds
        if part.job_id in self._left:
            self._note(part.job_id, shards, now, now + seconds)
        self._ahead += shards
        self._seconds_ahead += seconds
        for one in (lane.member_id, lane.team_id):
            self._turns[one] += seconds / self._sharing.weights[one]
        part.shards -= shards
        if not part.shards:
            lane.parts.popleft()
        if not lane.parts:
            self._lanes.remove(lane)
        self._occupy(server, now + seconds, (lane.member_id, lane.team_id))

    def _note(self, job_id: str, shards: int, now: float, end: float) -> None:
        found = self.expected.setdefault(job_id, Expectation(self._ahead, self._seconds_ahead, now))
        if len(self.expected) == self._enough:
            self._left = {one: shards for one, shards in self._left.items() if one in self.expected}
        self._ends[job_id] = max(end, self._ends[job_id])
        self._left[job_id] -= shards
        if self._left[job_id] <= 0:
            del self._left[job_id]
            found.finish = self._ends[job_id]

    def _occupy(self, server: Server, until: float, works_for: Collection[str]) -> None:
        server.works_for = works_for
        for one in works_for:
            self._busy[one] += 1
        heapq.heappush(self._working, (until, next(self._numbers), server))


def _shards_of(lanes: Iterable[Lane], wanted: Collection[str]) -> dict[str, int]:
    shards: dict[str, int] = defaultdict(int)
    for lane in lanes:
        for part in lane.parts:
            if part.job_id is not None and part.job_id in wanted:
                shards[part.job_id] += part.shards
    return shards


def _seconds_ahead(lanes: Collection[Lane], wanted: Collection[str]) -> float:
    """About how much is done until the wanted are: of each lane as much as of the longest way to one of them."""
    longest, worst = 0.0, None
    for lane in lanes:
        way, passed = 0.0, 0.0
        for part in lane.parts:
            passed += part.shards * part.seconds
            way = passed if part.job_id in wanted else way
        if way > longest or worst is None:
            longest, worst = max(way, longest), lane.priority
    return sum(
        lane.seconds if worst is not None and lane.priority < worst else min(lane.seconds, longest) for lane in lanes
    )
