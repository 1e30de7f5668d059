"""Reader of the trials of a job, as columns."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, ShardRow, TrialSummariesRow
from ayla_service.states import ShardState
from ayla_service.trials.columns import TrialColumns, decode_summaries, joined, states_in
from ayla_service.trials.layout import TrialLayout

_SHARDS_AT_ONCE = 100

_Rows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class TrialReader:
    """Reads trials, a shard's at a time.

    Attributes:
        session: the unit of work.
    """

    session: Session

    def columns(
        self, job: JobRow, first: int = 0, count: int | None = None, names: Collection[str] | None = None
    ) -> TrialColumns:
        """The trials of a job.

        Args:
            job: the job.
            first: index of the first.
            count: how many; None for all that follow.
            names: of the columns of summaries that are needed; None for all.

        Returns:
            Those that are there: of a job that is being removed, some are not.
        """
        end = job.trials_total if count is None else min(job.trials_total, first + count)
        query = _SHARDS.where(
            ShardRow.job_id == job.id, ShardRow.first_trial < end, ShardRow.first_trial + ShardRow.trials > first
        )
        found = self._decoded(job, self._rows(query), names)
        return found.part(slice(*np.searchsorted(found.index, (first, end)).tolist()))

    def at(self, job: JobRow, indexes: npt.NDArray[np.int64], names: Collection[str] | None = None) -> TrialColumns:
        """The trials of a job at these places, each once, in the order of the job; only their shards are read."""
        wanted = np.sort(indexes)
        starts = select(ShardRow.id, ShardRow.first_trial).where(ShardRow.job_id == job.id)
        shards = self.session.execute(starts.order_by(ShardRow.first_trial)).all()
        places = np.searchsorted([row.first_trial for row in shards], wanted, side="right") - 1
        ids = [shards[place].id for place in np.unique(places).tolist()]
        some = (ids[start : start + _SHARDS_AT_ONCE] for start in range(0, len(ids), _SHARDS_AT_ONCE))
        rows = [row for part in some for row in self._rows(_SHARDS.where(ShardRow.id.in_(part)))]
        found = self._decoded(job, rows, names)
        return found.part(np.isin(found.index, wanted, assume_unique=True))

    def pieces(
        self, job: JobRow, indexes: npt.NDArray[np.int64], at_once: int, names: Collection[str] | None = None
    ) -> Iterator[TrialColumns]:
        """The trials of a job at these places, which grow, about so many at a time."""
        for start in range(0, len(indexes), at_once):
            wanted = indexes[start : start + at_once]
            if wanted[-1] - wanted[0] < 2 * len(wanted):
                found = self.columns(job, int(wanted[0]), int(wanted[-1] - wanted[0]) + 1, names)
                yield found.part(np.isin(found.index, wanted, assume_unique=True))
            else:
                yield self.at(job, wanted, names)

    def _rows(self, query: Select[*tuple[Any, ...]]) -> _Rows:
        return self.session.execute(query.order_by(ShardRow.first_trial)).all()

    def _decoded(self, job: JobRow, rows: _Rows, names: Collection[str] | None) -> TrialColumns:
        summaries = [decode_summaries(row.data, row.trials, names) for row in rows]
        states = [states_in(found, ShardState(row.state)) for found, row in zip(summaries, rows, strict=True)]
        blank = np.empty(0, np.int64)
        index = np.concatenate([blank, *(np.arange(row.first_trial, row.first_trial + row.trials) for row in rows)])
        attempts = np.repeat([row.attempt for row in rows], [row.trials for row in rows]).astype(np.int32)
        return TrialColumns(
            TrialLayout.of(job), index, np.concatenate([blank.astype(np.int8), *states]), attempts, joined(summaries)
        )


_SHARDS = select(
    ShardRow.first_trial, ShardRow.trials, ShardRow.state, ShardRow.attempt, TrialSummariesRow.data
).outerjoin(TrialSummariesRow, TrialSummariesRow.shard_id == ShardRow.id)
