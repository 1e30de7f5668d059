"""Accuracy of the estimates of computing time, measured at attempts that ended lately."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.queue.accounting import time_share
from ayla_service.states import AttemptOutcome, JobState, ShardState

_JOBS_MEASURED = 200
_ATTEMPTS_MEASURED = 300
_FEWEST_MEASURED = 5
"""Attempts of a member that have to have ended before they say more than those of all."""

_Ended = Select[str, float, str, datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class EstimateAccuracy:
    """Ratio of the time that attempts took, which ended lately, to the time that had been estimated.

    Attributes:
        attempts: number of attempts that were measured.
        ratio: of all of them together; 1 where there is none.
        lower_quartile: a quarter of the attempts had a ratio below.
        upper_quartile: a quarter had one above.
        by_member: the ratio of each member with enough attempts that ended.
    """

    attempts: int = 0
    ratio: float = 1.0
    lower_quartile: float = 1.0
    upper_quartile: float = 1.0
    by_member: Mapping[str, float] = field(default_factory=dict)

    def ratio_of(self, member_id: str) -> float:
        """Ratio to expect of a member's shards."""
        return self.by_member.get(member_id, self.ratio)


def estimate_accuracy(session: Session) -> EstimateAccuracy:
    """Accuracy for attempts of the jobs that ended last and of those that run, a number of each."""
    packs: dict[tuple[str, datetime], list[Any]] = defaultdict(list)
    for query in (_ended_last(), _ended_of_running()):
        for row in session.execute(query):
            packs[row.worker, row.started_at].append(row)
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for rows in packs.values():
        # What ran together took the time once.
        seconds = (max(row.ended_at for row in rows) - rows[0].started_at).total_seconds()
        costs = [row.cost for row in rows]
        for row in rows:
            times[row.owner_id].append((time_share(seconds, row.cost, costs), row.cost))
    return _summary(times)


def _summary(times: Mapping[str, Sequence[tuple[float, float]]]) -> EstimateAccuracy:
    everything = [one for some in times.values() for one in some if one[1] > 0]
    if not everything:
        return EstimateAccuracy()
    ratios = sorted(seconds / cost for seconds, cost in everything)
    by_member = {member: _ratio(some) for member, some in times.items() if len(some) >= _FEWEST_MEASURED}
    low, high = ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]
    return EstimateAccuracy(len(everything), _ratio(everything), low, high, by_member)


def _ratio(times: Sequence[tuple[float, float]]) -> float:
    cost = sum(one for _, one in times)
    return sum(seconds for seconds, _ in times) / cost if cost > 0 else 1.0


def _ended_last() -> _Ended:
    jobs = (
        select(JobRow.id)
        .where(JobRow.finished_at.is_not(None))
        .order_by(JobRow.finished_at.desc())
        .limit(_JOBS_MEASURED)
    )
    return _ended(jobs)


def _ended_of_running() -> _Ended:
    return _ended(select(JobRow.id).where(JobRow.state == JobState.RUNNING).limit(_JOBS_MEASURED))


def _ended(jobs: Select[str]) -> _Ended:
    found = jobs.subquery()
    return (
        select(ShardRow.owner_id, ShardRow.cost, AttemptRow.worker, AttemptRow.started_at, AttemptRow.ended_at)
        .select_from(found)
        .join(ShardRow, ShardRow.job_id == found.c.id)
        .join(AttemptRow, and_(AttemptRow.shard_id == ShardRow.id, AttemptRow.number == ShardRow.attempt))
        .where(ShardRow.state == ShardState.SUCCEEDED, AttemptRow.outcome == AttemptOutcome.SUCCEEDED)
        .limit(_ATTEMPTS_MEASURED)
    )
