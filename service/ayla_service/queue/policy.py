"""Policy of claims: the order of one member's shards, and which shards go into a pack. The one place to change either.

Which member is served next stands in ``fair_queue``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from ayla_service.db.models import ShardRow
from ayla_service.queue.fair_queue import FairQueue


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queued shard, as far as the policy looks at it; ``attempt`` is the number of attempts made so far."""

    id: str
    job_id: str
    owner_id: str
    team_id: str
    index: int
    queued_at: datetime
    cost: float
    attempt: int

    @property
    def place(self) -> tuple[datetime, str, int]:
        """Place among the member's shards of one priority, as ``claim_order`` has it."""
        return (self.queued_at, self.job_id, self.index)


@dataclass(frozen=True, slots=True)
class PackLimits:
    """Limits on what one worker claims at once.

    Attributes:
        shards: at most that many.
        seconds: at most about that much computing, by the shards' estimated cost.
        small_seconds: a shard that costs more is run alone.
    """

    shards: int
    seconds: float
    small_seconds: float


ALONE = PackLimits(shards=1, seconds=0.0, small_seconds=0.0)
"""One shard, whatever it costs."""

Take = Callable[[str, Callable[[Candidate], bool]], Candidate | None]
"""Function that gives the next shard of a member that meets a condition."""


def claim_order() -> tuple[InstrumentedAttribute[Any], ...]:
    """ORDER BY terms over one member's shards of one priority, best first: the last columns of the queue's index."""
    return (ShardRow.queued_at, ShardRow.job_id, ShardRow.index)


def pack(members: FairQueue, take: Take, limits: PackLimits) -> list[Candidate]:
    """The best shard and, if it is small, small ones of its priority that follow, up to the limits.

    Each is of the member who is next by then. A shard that was tried before is run alone: it may be what killed
    its worker, and others must not share its fate.

    Args:
        members: those with queued work of the best priority; what is chosen is charged to them here.
        take: gives their shards.
        limits: of one pack.
    """
    chosen: list[Candidate] = []
    cost = 0.0

    def fits(shard: Candidate) -> bool:
        return not chosen or (_is_small(shard, limits) and cost + shard.cost <= limits.seconds)

    while len(chosen) < limits.shards and (member_id := members.first()) is not None:
        shard = take(member_id, fits)
        if shard is None:
            members.remove_first()
            continue
        chosen.append(shard)
        members.serve_first(shard.cost)
        cost += shard.cost
        if not _is_small(chosen[0], limits):
            break
    return chosen


def _is_small(shard: Candidate, limits: PackLimits) -> bool:
    return shard.attempt == 0 and shard.cost <= limits.small_seconds
