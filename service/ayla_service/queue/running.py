"""What some workers run at this moment, shard by shard, as the store knows it."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import AttemptRow, MemberRow, ShardRow
from ayla_service.db.session import store_now
from ayla_service.states import AttemptOutcome

MOST_SHOWN = 50
"""Shards that are shown; a pack has hundreds."""


@dataclass(frozen=True, slots=True)
class ComputedShard:
    """A shard that is run.

    Attributes:
        worker: its name.
        job: id.
        shard: its index in the job.
        attempt: number of the attempt.
        trials: how many it has.
        step: how far the furthest of them is.
        owner: name of the member whose job it is.
        seconds: since it was claimed.
    """

    worker: str
    job: str
    shard: int
    attempt: int
    trials: int
    step: int
    owner: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def running_shards(session: Session, workers: Collection[str]) -> list[ComputedShard]:
    """What these workers run, oldest first, ``MOST_SHOWN`` at most."""
    if not workers:
        return []
    now = store_now(session)
    rows = session.execute(
        select(
            AttemptRow.worker,
            ShardRow.job_id,
            ShardRow.index,
            AttemptRow.number,
            ShardRow.trials,
            ShardRow.step,
            MemberRow.name,
            AttemptRow.started_at,
        )
        .join(ShardRow, and_(ShardRow.id == AttemptRow.shard_id, ShardRow.attempt == AttemptRow.number))
        .join(MemberRow, MemberRow.id == ShardRow.owner_id)
        .where(AttemptRow.outcome == written(AttemptOutcome.RUNNING), AttemptRow.worker.in_(workers))
        .order_by(AttemptRow.started_at, ShardRow.job_id, ShardRow.index)
        .limit(MOST_SHOWN)
    )
    return [ComputedShard(*row[:7], round((now - row[7]).total_seconds(), 3)) for row in rows]
