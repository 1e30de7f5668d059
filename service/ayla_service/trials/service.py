"""Service of results: reads trajectories, metrics and predictions for the API and the figures."""

from contextlib import nullcontext

import pyarrow as pa
from sqlalchemy import select

from ayla_service.db.models import PredictionSetRow
from ayla_service.db.session import Database
from ayla_service.trials import snapshot as snapshots
from ayla_service.trials.conditions import Order
from ayla_service.trials.encoding import decode
from ayla_service.trials.schemas import Predictions
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.snapshot import TrialsSnapshot
from ayla_service.trials.summaries import SummaryTable
from ayla_service.trials.table import ResultTable, open_table
from ayla_service.trials.trial_ids import trial_id as id_of

MAX_ROWS = 500_000
"""Rows of one answer in JSON; more is thinned by the caller's choice, never silently."""

MAX_NUMBERS = 10_000_000
"""Numbers of one answer in JSON: rows can be a thousand columns wide."""


class ResultReader:
    """Reads results from the store.

    A table is read in two stages: a snapshot of its trials, which is cheap and tells whether anything has changed, and
    then the rows that were there at that moment.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def trajectory(self, team_id: str, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        """The recorded rows of a trial, by step.

        Raises:
            TrialNotFound: if the team has no such trial.
            InvalidQuery: on an unknown column, or if too much would be returned.
        """
        return self._series(TRAJECTORY, team_id, trial_id, query)

    def metrics(self, team_id: str, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        """The metrics of a trial, by step; no rows where its problem has none.

        Raises:
            TrialNotFound: if the team has no such trial.
            InvalidQuery: on an unknown column, or if too much would be returned.
        """
        return self._series(METRICS, team_id, trial_id, query)

    def _series(self, series: Series, team_id: str, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        with self._database.read() as session:
            snapshot = snapshots.of_trial(session, team_id, trial_id, series)
            table = open_table(lambda: nullcontext(session), series, snapshot, query, identified=False)
            return table.whole(MAX_ROWS, MAX_NUMBERS)

    def of_trial(self, series: Series, team_id: str, trial_id: str) -> TrialsSnapshot:
        """A snapshot of one trial.

        Raises:
            TrialNotFound: if the team has no such trial.
        """
        with self._database.read() as session:
            return snapshots.of_trial(session, team_id, trial_id, series)

    def of_job(
        self,
        series: Series | None,
        team_id: str,
        job_id: str,
        selection: TrialSelection,
        order: Order | None = None,
    ) -> TrialsSnapshot:
        """A snapshot of trials of a job.

        Args:
            series: the rows that are to be read; None if none are.
            team_id: who asks.
            job_id: the job.
            selection: which trials.
            order: that they are to be in; None for that of the job.

        Raises:
            JobNotFound: if the team has no such job.
            InvalidQuery: if it has no trial, optimizer or arm of that name, or no column of a condition or the order.
        """
        with self._database.read() as session:
            return snapshots.of_job(session, team_id, job_id, series, selection, order)

    def table(
        self, series: Series, snapshot: TrialsSnapshot, query: TrajectoryQuery, *, identified: bool
    ) -> ResultTable:
        """The rows of some trials, to be read piece by piece, each piece in a unit of work of its own.

        Raises:
            InvalidQuery: on an unknown column.
        """
        return open_table(self._database.read, series, snapshot, query, identified=identified)

    def summary(self, snapshot: TrialsSnapshot, order: Order | None = None) -> SummaryTable:
        """One row per trial, its settings and its result so far, in this order; read piece by piece."""
        return SummaryTable(self._database.read, snapshot, order)

    def predictions(self, team_id: str, trial_id: str) -> Predictions:
        """The predictions recorded so far.

        Raises:
            TrialNotFound: if the team has no such trial.
        """
        with self._database.read() as session:
            job, trial = snapshots.trial_columns(session, team_id, trial_id, ())
            index = int(trial.index[0])
            known_as = id_of(job.id, index)
            mine = (PredictionSetRow.job_id == job.id, PredictionSetRow.trial_index == index)
            rows = select(PredictionSetRow.step, PredictionSetRow.data).where(*mine)
            found = session.execute(rows.order_by(PredictionSetRow.step)).all()
        columns: dict[str, list[float | None]] = {}
        for step, data in found:
            table = decode(data).to_pydict()
            prediction = table.pop("prediction")
            columns |= table | {f"prediction.{step}": prediction}
        steps = [step for step, _ in found]
        return Predictions.model_construct(trial_id=known_as, steps=steps, columns=columns)
