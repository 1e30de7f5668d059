"""The best trial so far of jobs that have more trials than an event carries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import ShardRow
from ayla_service.streams.events import StreamedTrial
from ayla_service.streams.streamed_trials import STREAMED, streamed
from ayla_service.trials.columns import TrialColumns
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.reader import TrialReader

_ASKED = ("best_test_loss", "best_full_train_loss", "best_loss")
"""What a trial is judged by: the first of these that any has, as losses of mini-batches decide nothing."""

_SHARDS_AT_ONCE = 20
"""Shards of a job that are looked at in one poll; others follow in the next."""


@dataclass(frozen=True, slots=True)
class _ShardBest:
    """The best trial of a shard by one of its metrics, when the shard had made so much progress.

    Attributes:
        progress: changes with the shard's results.
        metric: place of the metric among those asked.
        value: infinite where no trial has any.
    """

    progress: tuple[int, ...]
    metric: int
    value: float
    trial: StreamedTrial | None


@dataclass(slots=True)
class BestTrial:
    """The best trial of one job, followed from poll to poll: only shards that have got on are read again.

    Attributes:
        layout: of the job; None where it cannot be read.
        trial: the best trial; None before any has a loss.
    """

    layout: TrialLayout | None
    trial: StreamedTrial | None = None
    _shards: dict[str, _ShardBest] = field(default_factory=dict)

    def changed(self, progress: Mapping[str, tuple[int, ...]]) -> list[str]:
        """Ids of the shards to read, some of those that have got on since they were read."""
        known = self._shards
        moved = [shard for shard, now in progress.items() if shard not in known or known[shard].progress != now]
        return moved[:_SHARDS_AT_ONCE]

    def take(self, shard_id: str, progress: tuple[int, ...], columns: TrialColumns) -> None:
        """Take the trials of a shard as they are now."""
        for metric, name in enumerate(_ASKED):
            values = columns[name]
            if len(values) and not np.isnan(values).all():
                place = int(np.nanargmin(values))
                self._shards[shard_id] = _ShardBest(progress, metric, float(values[place]), streamed(columns, place))
                break
        else:
            self._shards[shard_id] = _ShardBest(progress, len(_ASKED), np.inf, None)
        best = min(self._shards.values(), key=lambda one: (one.metric, one.value))
        self.trial = best.trial


def follow_best(session: Session, jobs: Collection[BestTrial]) -> None:
    """Bring the best trials of some jobs up to date, in two statements however many jobs there are."""
    layouts = {job.layout.job_id: job.layout for job in jobs if job.layout is not None}
    by_id = {job.layout.job_id: job for job in jobs if job.layout is not None}
    if not by_id:
        return
    progress = _progress(session, by_id)
    wanted = [shard for job_id, job in by_id.items() for shard in job.changed(progress.get(job_id, {}))]
    if not wanted:
        return
    for shard_id, columns in TrialReader(session).of_shards(layouts, wanted, {*_ASKED, *STREAMED}):
        job_id = columns.layout.job_id
        by_id[job_id].take(shard_id, progress[job_id][shard_id], columns)


def _progress(session: Session, job_ids: Collection[str]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Numbers that change with the results of each shard, by job."""
    numbers = (ShardRow.attempt, ShardRow.steps_done, ShardRow.completed, ShardRow.diverged)
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    query = select(ShardRow.job_id, ShardRow.id, *numbers).where(ShardRow.job_id.in_(job_ids), ShardRow.steps_done > 0)
    for job_id, shard_id, *progress in session.execute(query):
        found.setdefault(job_id, {})[shard_id] = tuple(progress)
    return found
