"""The order in which queued shards are taken, and which are taken together. The one place to change either."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from ayla_service.db.models import Shard


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queued shard, as far as the policy looks at it; ``attempt`` is the number of attempts made so far."""

    id: str
    job_id: str
    index: int
    priority: int
    queued_at: datetime
    cost: float
    attempt: int


@dataclass(frozen=True, slots=True)
class PackLimits:
    """How much one worker takes at once.

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


def claim_order() -> tuple[InstrumentedAttribute[Any], ...]:
    """ORDER BY terms over shards, best first: priority, then age; the columns of the queue's index."""
    return (Shard.priority, Shard.queued_at, Shard.job_id, Shard.index)


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The order of ``claim_order``, for shards that were read apart."""
    return sorted(candidates, key=lambda shard: (shard.priority, shard.queued_at, shard.job_id, shard.index))


def pack(candidates: Sequence[Candidate], limits: PackLimits) -> list[Candidate]:
    """The best shard and, if it is small, the small ones of its priority that follow, up to the limits.

    A shard that was tried before is run alone: it may be what killed its worker, and others must not share its fate.
    """
    chosen = list(candidates[:1])
    if not chosen or not _is_small(chosen[0], limits):
        return chosen
    cost = chosen[0].cost
    for shard in candidates[1:]:
        if len(chosen) >= limits.shards:
            break
        fits = cost + shard.cost <= limits.seconds
        if shard.priority == chosen[0].priority and fits and _is_small(shard, limits):
            chosen.append(shard)
            cost += shard.cost
    return chosen


def _is_small(shard: Candidate, limits: PackLimits) -> bool:
    return shard.attempt == 0 and shard.cost <= limits.small_seconds
