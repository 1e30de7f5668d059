"""Forecast of the queue: the policy is played with the workers that live, as if nothing new came. Pure rules.

What is far ahead is started in large groups of shards, so that a long queue takes no longer than a short one.
"""

import heapq
import itertools
import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ayla_service.queue.fair_queue import FairClocks, VirtualClock

_MOST_STARTS = 1500
_MOST_RANKS = 150_000
"""Looks at a queue: there are as many at each start as there are queues."""


@dataclass(slots=True)
class ShardGroup:
    """Shards that follow each other in a queue; ``seconds`` is the expected time of one of them."""

    job_id: str | None
    shards: int
    seconds: float


@dataclass(slots=True)
class SimulatedQueue:
    """Work that a member has queued of one priority for one kind of device, in order."""

    priority: int
    device: str
    team_id: str
    member_id: str
    groups: deque[ShardGroup] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """Computing time of all of it."""
        return sum(group.shards * group.seconds for group in self.groups)


@dataclass(slots=True)
class SimulatedWorker:
    """Worker with the devices that it serves; until it is free it works for these members and teams."""

    devices: Collection[str]
    free_in: float = 0.0
    works_for: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class SharingState:
    """Virtual clocks and limits of the members and teams who share the workers.

    Attributes:
        clocks: the virtual clocks at this moment, by the id of a member or team.
        worker_limits: limits on workers at a time, of those members and teams that have one.
    """

    clocks: Mapping[str, VirtualClock]
    worker_limits: Mapping[str, float]


@dataclass(slots=True)
class JobEstimate:
    """Estimate of when a job starts and finishes.

    Attributes:
        ahead: shards that are started before its first.
        seconds_ahead: expected time of these, one after the other.
        start: seconds until its first shard is started.
        finish: seconds until its last shard ends; None if that is too far away to be played.
    """

    ahead: int
    seconds_ahead: float
    start: float
    finish: float | None = None


def forecast(
    workers: Iterable[SimulatedWorker],
    queues: Collection[SimulatedQueue],
    sharing: SharingState,
    wanted: Collection[str],
    enough: int | None = None,
) -> dict[str, JobEstimate]:
    """Estimates for the wanted jobs, in the order of their starts; none for one that is not started, or not for long.

    Args:
        workers: those that live.
        queues: all queued work; they are emptied.
        sharing: clocks and limits of the members and teams.
        wanted: ids of the jobs.
        enough: stop after so many of them, those that are started first.
    """
    simulation = _Simulation(workers, queues, sharing, wanted, len(wanted) if enough is None else enough)
    while simulation.is_running():
        simulation.serve()
    return simulation.estimates


class _Simulation:
    def __init__(
        self,
        workers: Iterable[SimulatedWorker],
        queues: Collection[SimulatedQueue],
        sharing: SharingState,
        wanted: Collection[str],
        enough: int,
    ) -> None:
        self.estimates: dict[str, JobEstimate] = {}
        self._queues = sorted((queue for queue in queues if queue.groups), key=lambda queue: queue.priority)
        self._clocks = FairClocks(sharing.clocks.values())
        self._limits = sharing.worker_limits
        self._left = _shards_of(self._queues, wanted)
        self._enough = enough
        self._seconds_at_once = _seconds_ahead(self._queues, wanted) / _MOST_STARTS
        self._ranks_left = _MOST_RANKS
        self._ends: dict[str, float] = defaultdict(float)
        self._numbers = itertools.count()
        self._running: dict[str, int] = defaultdict(int)
        self._idle: list[SimulatedWorker] = []
        self._busy: list[tuple[float, int, SimulatedWorker]] = []
        self._ahead, self._seconds_ahead = 0, 0.0
        for worker in workers:
            self._occupy(worker, worker.free_in, worker.works_for)

    def is_running(self) -> bool:
        return bool(self._left and self._busy and self._queues and self._ranks_left > 0)

    def serve(self) -> None:
        """Free the next worker, and give work to it and to those that found none before."""
        now, _, worker = heapq.heappop(self._busy)
        for one_id in worker.works_for:
            self._running[one_id] -= 1
        free, self._idle = [worker, *self._idle], []
        for one in free:
            queue = self._first(one)
            if queue is None:
                self._idle.append(one)
            else:
                self._start(one, queue, now)

    def _first(self, worker: SimulatedWorker) -> SimulatedQueue | None:
        """Queue that the worker serves next: the first member's, of those of the best priority that it can serve."""
        self._ranks_left -= len(self._queues)
        rank, can_serve, devices = self._clocks.rank, self._can_serve, worker.devices
        first, first_rank = None, None
        for queue in self._queues:
            if first is not None and queue.priority != first.priority:
                break
            if queue.device in devices and can_serve(queue):
                queue_rank = rank(queue.team_id, queue.member_id)
                if first_rank is None or queue_rank < first_rank:
                    first, first_rank = queue, queue_rank
        return first

    def _can_serve(self, queue: SimulatedQueue) -> bool:
        limits = self._limits
        return not limits or all(
            self._running[one_id] < limits.get(one_id, math.inf) for one_id in (queue.member_id, queue.team_id)
        )

    def _start(self, worker: SimulatedWorker, queue: SimulatedQueue, now: float) -> None:
        job_id, shards, seconds = self._take(queue)
        if job_id in self._left:
            self._note(job_id, shards, now, now + seconds)
        self._ahead += shards
        self._seconds_ahead += seconds
        self._clocks.serve(queue.team_id, queue.member_id, seconds)
        self._occupy(worker, now + seconds, (queue.member_id, queue.team_id))

    def _take(self, queue: SimulatedQueue) -> tuple[str, int, float]:
        """Take the next shards out of a queue; returns their job, their number and their computing time."""
        group = queue.groups[0]
        most = int(self._seconds_at_once / group.seconds) if group.seconds > 0 else group.shards
        shards = max(1, min(group.shards, most))
        group.shards -= shards
        if not group.shards:
            queue.groups.popleft()
        if not queue.groups:
            self._queues.remove(queue)
        return group.job_id or "", shards, shards * group.seconds

    def _note(self, job_id: str, shards: int, now: float, end: float) -> None:
        estimate = self.estimates.setdefault(job_id, JobEstimate(self._ahead, self._seconds_ahead, now))
        if len(self.estimates) == self._enough:
            self._left = {one: left for one, left in self._left.items() if one in self.estimates}
        self._ends[job_id] = max(end, self._ends[job_id])
        self._left[job_id] -= shards
        if self._left[job_id] <= 0:
            del self._left[job_id]
            estimate.finish = self._ends[job_id]

    def _occupy(self, worker: SimulatedWorker, until: float, works_for: Collection[str]) -> None:
        worker.works_for = works_for
        for one_id in works_for:
            self._running[one_id] += 1
        heapq.heappush(self._busy, (until, next(self._numbers), worker))


def _shards_of(queues: Iterable[SimulatedQueue], wanted: Collection[str]) -> dict[str, int]:
    shards: dict[str, int] = defaultdict(int)
    for queue in queues:
        for group in queue.groups:
            if group.job_id is not None and group.job_id in wanted:
                shards[group.job_id] += group.shards
    return shards


def _seconds_ahead(queues: Collection[SimulatedQueue], wanted: Collection[str]) -> float:
    """Computing time until the wanted jobs, about: of each queue as much as of the longest way to one of them."""
    longest, worst = 0.0, None
    for queue in queues:
        way, passed = 0.0, 0.0
        for group in queue.groups:
            passed += group.shards * group.seconds
            way = passed if group.job_id in wanted else way
        if way > longest or worst is None:
            longest, worst = max(way, longest), queue.priority
    return sum(
        queue.seconds if worst is not None and queue.priority < worst else min(queue.seconds, longest)
        for queue in queues
    )
