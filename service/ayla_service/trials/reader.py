"""Reader of the trials of a job, as columns."""

from collections.abc import Collection, Iterator, Mapping, Sequence
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
        first = min(first, job.trials_total)  # a larger one may be no integer of the store
        end = job.trials_total if count is None else min(job.trials_total, first + count)
        query = _SHARDS.where(
            ShardRow.job_id == job.id, ShardRow.first_trial < end, ShardRow.first_trial + ShardRow.trials > first
        )
        found = self._decoded(TrialLayout.of(job), self._rows(query), names)
        return found.part(slice(*np.searchsorted(found.index, (first, end)).tolist()))

    def among(self, job: JobRow, wanted: npt.NDArray[np.int64], names: Collection[str] | None = None) -> TrialColumns:
        """The trials of a job at these places, which grow; only their shards are read."""
        if not len(wanted) or wanted[-1] - wanted[0] < 2 * len(wanted):
            first, count = (int(wanted[0]), int(wanted[-1] - wanted[0]) + 1) if len(wanted) else (0, 0)
            found = self.columns(job, first, count, names)
            return found if len(found) == len(wanted) else found.part(np.isin(found.index, wanted, assume_unique=True))
        starts = select(ShardRow.id, ShardRow.first_trial).where(ShardRow.job_id == job.id)
        shards = self.session.execute(starts.order_by(ShardRow.first_trial)).all()
        places = np.searchsorted([row.first_trial for row in shards], wanted, side="right") - 1
        ids = [shards[place].id for place in np.unique(places).tolist()]
        some = (ids[start : start + _SHARDS_AT_ONCE] for start in range(0, len(ids), _SHARDS_AT_ONCE))
        rows = [row for part in some for row in self._rows(_SHARDS.where(ShardRow.id.in_(part)))]
        found = self._decoded(TrialLayout.of(job), rows, names)
        return found.part(np.isin(found.index, wanted, assume_unique=True))

    def first_of(
        self, layouts: Mapping[str, TrialLayout], count: int, names: Collection[str]
    ) -> dict[str, TrialColumns]:
        """The first trials of some jobs, by job, in one statement however many jobs there are.

        Args:
            layouts: of the jobs, by id.
            count: how many of each at most.
            names: of the columns of summaries that are needed.
        """
        if not layouts:
            return {}
        found: dict[str, list[Row[*tuple[Any, ...]]]] = {job_id: [] for job_id in layouts}
        for row in self._rows(_SHARDS.where(ShardRow.job_id.in_(layouts), ShardRow.first_trial < count)):
            found[row.job_id].append(row)
        columns = {job_id: self._decoded(layouts[job_id], rows, names) for job_id, rows in found.items()}
        return {job_id: some.part(slice(int(np.searchsorted(some.index, count)))) for job_id, some in columns.items()}

    def of_shards(
        self, layouts: Mapping[str, TrialLayout], shard_ids: Collection[str], names: Collection[str]
    ) -> Iterator[tuple[str, TrialColumns]]:
        """The trials of some shards, each with the shard's id, in one statement.

        Args:
            layouts: of their jobs, by id.
            shard_ids: the shards.
            names: of the columns of summaries that are needed.
        """
        for row in self._rows(_SHARDS.where(ShardRow.id.in_(shard_ids))):
            yield row.id, self._decoded(layouts[row.job_id], [row], names)

    def _rows(self, query: Select[*tuple[Any, ...]]) -> _Rows:
        return self.session.execute(query.order_by(ShardRow.first_trial)).all()

    def _decoded(self, layout: TrialLayout, rows: _Rows, names: Collection[str] | None) -> TrialColumns:
        """The trials of shards, with the points of their settings if these were drawn."""
        if not rows:
            blank = np.empty(0, np.int64)
            none = decode_summaries(None, 0, names)
            return TrialColumns(layout, blank, blank.astype(np.int8), blank.astype(np.int32), none)
        summaries = [decode_summaries(row.data, row.trials, names) for row in rows]
        states = [states_in(found, ShardState(row.state)) for found, row in zip(summaries, rows, strict=True)]
        index = np.concatenate([np.arange(row.first_trial, row.first_trial + row.trials) for row in rows])
        attempts = np.repeat([row.attempt for row in rows], [row.trials for row in rows]).astype(np.int32)
        low, high = layout.settings_of(index[[0, -1]]).tolist()
        known = layout.with_points(self.session, low, high + 1)
        return TrialColumns(known, index, np.concatenate(states), attempts, joined(summaries))


_SHARDS = select(
    ShardRow.id,
    ShardRow.job_id,
    ShardRow.first_trial,
    ShardRow.trials,
    ShardRow.state,
    ShardRow.attempt,
    TrialSummariesRow.data,
).outerjoin(TrialSummariesRow, TrialSummariesRow.shard_id == ShardRow.id)
