"""Plays the real queue on a real store through hours in seconds: only the clock and the computing are made up.

Jobs come at given times, workers claim packs and complete them, each shard takes as long as it takes; what is measured
is who had how much of the workers, and how long jobs waited.
"""

import heapq
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from ayla_service.db.session import Database
from ayla_service.jobs.planning import PlannedJob, insert_jobs, plan_job
from ayla_service.queue import claims, packs
from ayla_service.queue.claim_lock import lock_claims
from ayla_service.queue.claimed import Claim
from ayla_service.queue.claims import WorkerIdentity, claim_pack
from ayla_service.queue.fair_queue import FAIR, SharePolicy
from ayla_service.queue.packs import CompletedShard
from ayla_service.queue.policy import PackLimits
from ayla_service.teams.principal import Principal
from ayla_service.trials.writer import NewResults
from ayla_spec import JobSpec, resolve
from sqlalchemy.orm import Session

from tests.factories import spec, summaries

START = datetime(2030, 1, 1, tzinfo=UTC)
LIMITS = PackLimits(shards=256, seconds=1.0, small_seconds=0.25)
_LEASE = 1e7


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job that is submitted: when, by whom, and the estimated seconds of its shards."""

    at: float
    owner: Principal
    costs: tuple[float, ...]
    priority: str = "normal"


@dataclass(frozen=True, slots=True)
class ShardRun:
    """A shard that was run."""

    owner: Principal
    queued: float
    start: float
    end: float

    @property
    def waited(self) -> float:
        """Seconds from its submission to its start."""
        return self.start - self.queued


def put(database: Database, arrival: Arrival, now: datetime) -> tuple[str, dict[str, float]]:
    """Queue a job as if it was cut so; returns its id and the estimated seconds of its shards, by id."""
    document = spec(priority=arrival.priority)
    wanted = JobSpec.model_validate(document)
    planned = plan_job(arrival.owner, wanted, document, resolve(wanted), now)
    like = {**planned.shards[0], "trials": 1}
    shards = [
        {**like, "id": str(uuid.uuid4()), "index": index, "first_trial": index, "cost": cost}
        for index, cost in enumerate(arrival.costs)
    ]
    with database.write() as session:
        insert_jobs(session, [PlannedJob(planned.owner, planned.job, planned.labels, shards)])
    return planned.job["id"], {shard["id"]: shard["cost"] for shard in shards}


def empty(claim: Claim) -> CompletedShard:
    """A shard that is done, without any result and in no time."""
    return CompletedShard(claim, summaries(claim.range.trials), NewResults(), "cpu")


def noise(seed: int) -> Iterator[float]:
    """How long shards take over what was estimated: half of them between 0.7 and 1.4 times as long."""
    draw = random.Random(seed)  # no secret
    while True:
        yield draw.lognormvariate(0.0, 0.5)


def poisson(seed: int, rate: float, until: float) -> Iterator[float]:
    """Times of independent events, so many per second on average."""
    draw = random.Random(seed)  # no secret
    at = draw.expovariate(rate)
    while at < until:
        yield at
        at += draw.expovariate(rate)


@dataclass(slots=True)
class _SimulatedClock:
    now: float = 0.0

    def __call__(self, _session: object) -> datetime:
        return START + timedelta(seconds=self.now)


@dataclass(slots=True)
class Simulation:
    """Some workers on one store.

    Attributes:
        database: the store, empty.
        workers: how many.
        factors: how long each shard takes over what was estimated.
        policy: how use is remembered.
    """

    database: Database
    workers: int
    factors: Iterator[float]
    policy: SharePolicy = FAIR
    runs: list[ShardRun] = field(default_factory=list)
    _clock: _SimulatedClock = field(default_factory=_SimulatedClock)
    _owners: dict[str, tuple[Principal, float]] = field(default_factory=dict)
    _costs: dict[str, float] = field(default_factory=dict)

    def play(self, arrivals: Sequence[Arrival], until: float) -> list[ShardRun]:
        """Let it run; what has begun by the end is counted as if it had ended."""
        coming = sorted(arrivals, key=lambda arrival: arrival.at, reverse=True)
        idle = [f"worker:{number}" for number in range(self.workers)]
        busy: list[tuple[float, str, tuple[Claim, ...]]] = []
        with self._simulated():
            while coming or busy:
                arrives = coming[-1].at if coming else until
                self._clock.now = min(arrives, busy[0][0]) if busy else arrives
                if self._clock.now >= until:
                    break
                while coming and coming[-1].at <= self._clock.now:
                    self._submit(coming.pop())
                while busy and busy[0][0] <= self._clock.now:
                    _, worker, done = heapq.heappop(busy)
                    self._complete(done)
                    idle.append(worker)
                idle = [worker for worker in idle if not self._claim(worker, busy)]
        return self.runs

    def _claim(self, worker: str, busy: list[tuple[float, str, tuple[Claim, ...]]]) -> bool:
        identity = WorkerIdentity(worker, frozenset({"auto", "cpu"}), {})
        found = claim_pack(self.database, identity, _LEASE, LIMITS, self.policy)
        at = self._clock.now
        for claimed in found:
            owner, queued = self._owners[claimed.job_id]
            end = at + self._costs[claimed.shard_id] * next(self.factors)
            self.runs.append(ShardRun(owner, queued, at, end))
            at = end
        if found:
            heapq.heappush(busy, (at, worker, found))
        return bool(found)

    def _complete(self, done: Sequence[Claim]) -> None:
        stored = packs.complete(self.database, [empty(claim) for claim in done])
        assert len(stored) == len(done)

    def _submit(self, arrival: Arrival) -> None:
        job_id, costs = put(self.database, arrival, self._clock(None))
        self._owners[job_id] = (arrival.owner, arrival.at)
        self._costs |= costs

    @contextmanager
    def _simulated(self) -> Iterator[None]:
        with patch.object(claims, "lock_claims", self._locked), patch.object(packs, "store_now", self._clock):
            yield

    def _locked(self, session: Session) -> datetime:
        lock_claims(session)
        return self._clock(session)


def first_in_first_out(arrivals: Sequence[Arrival], workers: int, factors: Iterator[float]) -> list[ShardRun]:
    """What would be if the oldest shard always went first."""
    free = [0.0] * workers
    runs = []
    for arrival in sorted(arrivals, key=lambda arrival: arrival.at):
        for cost in arrival.costs:
            start = max(arrival.at, heapq.heappop(free))
            runs.append(ShardRun(arrival.owner, arrival.at, start, start + cost * next(factors)))
            heapq.heappush(free, runs[-1].end)
    return runs


def seconds_of(runs: Sequence[ShardRun], first: float, last: float) -> dict[str, float]:
    """Computing time that each member, by id, and each team had within a span of time."""
    found: dict[str, float] = defaultdict(float)
    for run in runs:
        seconds = max(0.0, min(run.end, last) - max(run.start, first))
        found[run.owner.member_id] += seconds
        found[run.owner.team_id] += seconds
    return found
