"""Reads trajectories and predictions for the API."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Select, select

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Chunk, PredictionSet, Trial
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, TrialNotFound
from ayla_service.results.encoding import decode
from ayla_service.results.thinning import every_nth, with_extremes

MAX_ROWS = 500_000
"""Rows of one answer; more is thinned by the caller's choice, never silently."""


@dataclass(frozen=True, slots=True)
class TrajectoryQuery:
    """Which part of a trajectory is wanted.

    Attributes:
        columns: names in the order wanted; None for all.
        every: keep the steps that are multiples of this, and the first and last row.
        max_points: keep at most this many rows (>= 2): first and last, and the lowest and highest loss of each
            stretch in between.
        from_step: first step, inclusive.
        to_step: last step, inclusive.
    """

    columns: list[str] | None = None
    every: int | None = None
    max_points: int | None = None
    from_step: int | None = None
    to_step: int | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """A trial's predictions: columns x, target, truth and one ``prediction.<step>`` per recorded step."""

    steps: list[int]
    columns: dict[str, list[float]]


class ResultReader:
    """Reads results from the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def trajectory(self, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        """The recorded rows of a trial, by step.

        Raises:
            TrialNotFound: if there is no such trial.
            InvalidQuery: on an unknown column, or if more than ``MAX_ROWS`` rows would be returned.
        """
        table = self._rows(trial_id, query)
        if query.every is not None:
            table = every_nth(table, query.every)
        if query.max_points is not None:
            table = with_extremes(table, query.max_points)
        if table.num_rows > MAX_ROWS:
            detail = f"{table.num_rows} rows are too many for one answer; at most {MAX_ROWS} are sent."
            raise InvalidQuery("max_points", f"{detail} Thin them with max_points or every, or ask for a range.")
        return _select(table, query.columns)

    def predictions(self, trial_id: str) -> Predictions:
        """The predictions recorded so far.

        Raises:
            TrialNotFound: if there is no such trial.
        """
        rows = select(PredictionSet.step, PredictionSet.data).where(PredictionSet.trial_id == trial_id)
        with self._database.read() as session:
            if by_id(session, Trial, trial_id) is None:
                raise TrialNotFound(trial_id)
            found = session.execute(rows.order_by(PredictionSet.step)).all()
        columns: dict[str, list[float]] = {}
        for step, data in found:
            table = decode(data).to_pydict()
            prediction = table.pop("prediction")
            columns |= table | {f"prediction.{step}": prediction}
        return Predictions([step for step, _ in found], columns)

    def _rows(self, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        with self._database.read() as session:
            if by_id(session, Trial, trial_id) is None:
                raise TrialNotFound(trial_id)
            chunks = session.scalars(_chunks(trial_id, query)).all()
        if not chunks:
            return pa.table({"step": pa.array([], pa.int64()), "loss": pa.array([], pa.float64())})
        return _within(pa.concat_tables([decode(data) for data in chunks]), query)


def _chunks(trial_id: str, query: TrajectoryQuery) -> Select[bytes]:
    chunks = select(Chunk.data).where(Chunk.trial_id == trial_id).order_by(Chunk.first_step)
    if query.from_step is not None:
        chunks = chunks.where(Chunk.last_step >= query.from_step)
    if query.to_step is not None:
        chunks = chunks.where(Chunk.first_step <= query.to_step)
    return chunks


def _within(table: pa.Table, query: TrajectoryQuery) -> pa.Table:
    steps = table["step"].to_numpy()
    first = 0 if query.from_step is None else int(steps.searchsorted(query.from_step, side="left"))
    end = len(steps) if query.to_step is None else int(steps.searchsorted(query.to_step, side="right"))
    return table.slice(first, max(0, end - first))


def _select(table: pa.Table, columns: list[str] | None) -> pa.Table:
    if columns is None:
        return table
    unknown = [name for name in columns if name not in table.column_names]
    if unknown and table.num_rows:
        known = ", ".join(table.column_names)
        raise InvalidQuery("columns", f"Unknown column '{unknown[0][:64]}'; this trial has {known}.")
    return table.select([name for name in dict.fromkeys(columns) if name in table.column_names])
