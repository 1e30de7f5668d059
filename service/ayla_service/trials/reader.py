"""Reader of the trials of a job, as columns."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, ShardRow, TrialSummariesRow
from ayla_service.states import ShardState
from ayla_service.trials.columns import TrialColumns, decode_summaries, joined, states_in
from ayla_service.trials.layout import TrialLayout


@dataclass(frozen=True, slots=True)
class TrialReader:
    """Reads trials, a shard's at a time.

    Attributes:
        session: the unit of work.
    """

    session: Session

    def columns(self, job: JobRow, first: int = 0, count: int | None = None) -> TrialColumns:
        """The trials of a job.

        Args:
            job: the job.
            first: index of the first.
            count: how many; None for all that follow.

        Returns:
            Those that are there: of a job that is being removed, some are not.
        """
        end = job.trials_total if count is None else min(job.trials_total, first + count)
        query = (
            select(ShardRow.first_trial, ShardRow.trials, ShardRow.state, ShardRow.attempt, TrialSummariesRow.data)
            .outerjoin(TrialSummariesRow, TrialSummariesRow.shard_id == ShardRow.id)
            .where(ShardRow.job_id == job.id, ShardRow.first_trial < end)
            .where(ShardRow.first_trial + ShardRow.trials > first)
            .order_by(ShardRow.first_trial)
        )
        rows = self.session.execute(query).all()
        summaries = [decode_summaries(row.data, row.trials) for row in rows]
        states = [states_in(found, ShardState(row.state)) for found, row in zip(summaries, rows, strict=True)]
        blank = np.empty(0, np.int64)
        index = np.concatenate([blank, *(np.arange(row.first_trial, row.first_trial + row.trials) for row in rows)])
        attempts = np.repeat([row.attempt for row in rows], [row.trials for row in rows]).astype(np.int32)
        found = TrialColumns(
            TrialLayout.of(job), index, np.concatenate([blank.astype(np.int8), *states]), attempts, joined(summaries)
        )
        inside = np.searchsorted(index, (first, end))
        return found.part(slice(inside[0], inside[1]))
