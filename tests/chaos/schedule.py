"""What goes wrong, on whom and when: a pure function of the seed, so that a run can be repeated."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WORKERS = 3
APIS = 2
LEASE_SECONDS = 3.0

_QUIET_SECONDS = 2.0
"""At the start, so that there is work to be disturbed."""


class Kind(StrEnum):
    """A kind of fault. The order is that in which a short run takes them up."""

    KILL_WORKER = "worker's main process killed (-9)"
    FREEZE_WORKER = "worker frozen beyond its lease"
    FREEZE_PACK = "worker frozen with a pack of small jobs"
    KILL_POSTGRES = "PostgreSQL killed (-9)"
    KILL_API_MID_REQUEST = "API killed (-9) in the middle of a request"
    KILL_REDIS = "Redis killed (-9), data kept"
    STOP_WORKER = "worker told to stop (SIGTERM)"
    CUT_WORKER = "worker cut off from the store"
    FILL_DISK = "disk of the store full"
    HOLD_WORKER = "worker's bytes to the store held back, then delivered"
    LOSE_REDIS = "Redis killed (-9), data lost"
    FREEZE_REDIS = "Redis frozen"
    DOUBLE_MESSAGES = "wake-ups doubled"
    DROP_MESSAGES = "one wake-up in ten dropped"
    SWALLOW_WORKER = "worker's bytes to the store swallowed"
    KILL_API = "API killed (-9)"
    KILL_CHILD = "worker's computing process killed (-9)"
    RESTART_POOL = "worker told to replace its processes (pool_restart)"
    END_TASK = "worker told to end its task (revoke --terminate)"
    SHUT_DOWN = "worker told to stop (control shutdown)"


ON_A_WORKER = (
    Kind.KILL_WORKER, Kind.FREEZE_WORKER, Kind.FREEZE_PACK, Kind.STOP_WORKER, Kind.CUT_WORKER, Kind.HOLD_WORKER,
    Kind.SWALLOW_WORKER, Kind.KILL_CHILD, Kind.RESTART_POOL, Kind.END_TASK, Kind.SHUT_DOWN,
)  # fmt: skip
ON_AN_API = (Kind.KILL_API, Kind.KILL_API_MID_REQUEST)

_WEIGHTS = {
    Kind.KILL_WORKER: 4, Kind.KILL_CHILD: 3, Kind.FREEZE_WORKER: 3, Kind.FREEZE_PACK: 2, Kind.KILL_API_MID_REQUEST: 2,
    Kind.KILL_POSTGRES: 2,
}  # fmt: skip
"""How often a kind comes once every kind has come; the others have 1."""

_SECONDS = {
    # At most: it is over once another worker has taken the shard up. A worker ends itself after three leases without
    # progress, so a longer fault would end in that every time.
    Kind.FREEZE_WORKER: (2.0 * LEASE_SECONDS, 2.6 * LEASE_SECONDS),
    Kind.FREEZE_PACK: (2.0 * LEASE_SECONDS, 2.6 * LEASE_SECONDS),
    Kind.CUT_WORKER: (1.2 * LEASE_SECONDS, 2.2 * LEASE_SECONDS),
    Kind.HOLD_WORKER: (1.2 * LEASE_SECONDS, 2.2 * LEASE_SECONDS),
    Kind.SWALLOW_WORKER: (1.2 * LEASE_SECONDS, 2.2 * LEASE_SECONDS),
    Kind.FREEZE_REDIS: (2.0, 6.0),
    Kind.KILL_POSTGRES: (1.0, 1.0),
    Kind.FILL_DISK: (2.0, 4.0),
    Kind.DOUBLE_MESSAGES: (6.0, 12.0),
    Kind.DROP_MESSAGES: (6.0, 12.0),
    # How long after the request the API is killed.
    Kind.KILL_API_MID_REQUEST: (0.0, 0.03),
}
"""Shortest and longest duration; kinds without one are over at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        number: place in the schedule, from 1.
        at: seconds from the start of the run.
        kind: what happens.
        target: number of the worker or API; 0 for what there is only one of.
        seconds: how long it lasts.
    """

    number: int
    at: float
    kind: Kind
    target: int
    seconds: float

    @property
    def victim(self) -> str:
        """What is hurt; no two faults hurt the same at once. Who will have a pack only the run shows."""
        if self.kind is Kind.FREEZE_PACK:
            return "whoever has a pack"
        if self.kind in ON_A_WORKER:
            return f"worker-{self.target}"
        if self.kind in ON_AN_API:
            return f"api-{self.target}"
        return {"PostgreSQL": "postgres", "disk": "postgres", "Redis": "redis"}.get(self.kind.split()[0], "messages")

    def __str__(self) -> str:
        lasting = f", for {self.seconds:.2f} s" if self.seconds else ""
        return f"{self.number:3d}. at {self.at:6.1f} s: {self.kind} [{self.victim}]{lasting}"


def schedule(seed: int, count: int, gap_seconds: float) -> list[Fault]:
    """The faults of a run, by time.

    Args:
        seed: everything follows from it.
        count: how many.
        gap_seconds: mean time between two; each comes at a random moment of its own gap.
    """
    dice = random.Random(f"faults {seed}")
    kinds = _kinds(dice, count)
    return [_fault(dice, number, kind, gap_seconds) for number, kind in enumerate(kinds, start=1)]


def _kinds(dice: random.Random, count: int) -> Sequence[Kind]:
    """Every kind once, as far as the count goes, then by weight; in random order."""
    kinds = list(Kind)[:count]
    weights = [_WEIGHTS.get(kind, 1) for kind in Kind]
    kinds += dice.choices(list(Kind), weights, k=count - len(kinds))
    dice.shuffle(kinds)
    return kinds


def _fault(dice: random.Random, number: int, kind: Kind, gap_seconds: float) -> Fault:
    at = _QUIET_SECONDS + (number - 1 + dice.random()) * gap_seconds
    target = dice.randrange(WORKERS if kind in ON_A_WORKER else APIS if kind in ON_AN_API else 1)
    return Fault(number, round(at, 2), kind, target, round(dice.uniform(*_SECONDS.get(kind, (0.0, 0.0))), 3))
