"""Reads trajectories, metrics and predictions for the API."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Chunk, MetricChunk, PredictionSet, Trial
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, TrialNotFound
from ayla_service.results.encoding import decode
from ayla_service.results.thinning import every_nth, with_extremes

Steps = npt.NDArray[np.int64]

_CHUNKS_AT_ONCE = 20

MAX_ROWS = 500_000
"""Rows of one answer; more is thinned by the caller's choice, never silently."""

MAX_NUMBERS = 30_000_000
"""Numbers of one answer: rows can be a thousand columns wide."""


@dataclass(frozen=True, slots=True)
class TrajectoryQuery:
    """Which part of a trajectory, or of metrics, is wanted.

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
    """A trial's predictions: columns x, where known target and truth, and ``prediction.<step>`` of each step."""

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
            InvalidQuery: on an unknown column, or if too much would be returned.
        """
        return self._series(_TRAJECTORY, trial_id, query)

    def metrics(self, trial_id: str, query: TrajectoryQuery) -> pa.Table:
        """The metrics of a trial, by step; no rows where its problem has none.

        Raises:
            TrialNotFound: if there is no such trial.
            InvalidQuery: on an unknown column, or if too much would be returned.
        """
        return self._series(_METRICS, trial_id, query)

    def _series(self, series: "_Series", trial_id: str, query: TrajectoryQuery) -> pa.Table:
        with self._database.read() as session:
            if by_id(session, Trial, trial_id) is None:
                raise TrialNotFound(trial_id)
            source = _Source(session, series, trial_id, query)
            return source.rows(source.kept_steps())

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


@dataclass(frozen=True, slots=True)
class _Series:
    """A kind of rows that come in chunks.

    Attributes:
        table: where the chunks are.
        value: the column whose extremes thinning keeps.
        known: the columns that are known before the first chunk is there.
    """

    table: type[Chunk] | type[MetricChunk]
    value: str
    known: dict[str, pa.DataType]


_TRAJECTORY = _Series(Chunk, "loss", {"step": pa.int64(), "loss": pa.float64()})
_METRICS = _Series(MetricChunk, "train_loss", {"step": pa.int64(), "epoch": pa.int64()})


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows of one trial that a query is about."""

    session: Session
    series: _Series
    trial_id: str
    query: TrajectoryQuery

    def kept_steps(self) -> Steps:
        """The steps that the answer shows; reads two columns only, so that a long trajectory takes little memory.

        Raises:
            InvalidQuery: if they are too many.
        """
        with closing(self._chunks()) as chunks:
            tables = [chunk.select(["step", self.series.value]) for chunk in chunks]
        if not tables:
            return np.array([], dtype=np.int64)
        course = _within(pa.concat_tables(tables), self.query)
        if self.query.every is not None:
            course = every_nth(course, self.query.every)
        if self.query.max_points is not None:
            course = with_extremes(course, self.query.max_points, self.series.value)
        _refuse_crowd(course.num_rows, 1)
        steps: Steps = course["step"].to_numpy()
        return steps

    def rows(self, kept: Steps) -> pa.Table:
        """The wanted columns at the kept steps.

        Raises:
            InvalidQuery: on an unknown column, or if the rows are too wide for their number.
        """
        parts = []
        with closing(self._chunks()) as chunks:
            for chunk in chunks:
                wanted = _select(chunk, self.query.columns)
                _refuse_crowd(len(kept), wanted.num_columns)
                parts.append(wanted.filter(pa.array(np.isin(chunk["step"].to_numpy(), kept, assume_unique=True))))
        return pa.concat_tables(parts) if parts else self._no_rows()

    def _no_rows(self) -> pa.Table:
        """An empty table with the columns that the trial has, as far as they are known."""
        anywhere = self.session.scalar(self._stored().limit(1))
        if anywhere is None:
            return pa.table({name: pa.array([], kind) for name, kind in self.series.known.items()})
        return _select(decode(anywhere), self.query.columns).slice(0, 0)

    def _chunks(self) -> Generator[pa.Table, None, None]:
        """The stored rows that may lie in the range, some at a time; to be closed, as it may hold a cursor."""
        chunks, table = self._stored(), self.series.table
        if self.query.from_step is not None:
            chunks = chunks.where(table.last_step >= self.query.from_step)
        if self.query.to_step is not None:
            chunks = chunks.where(table.first_step <= self.query.to_step)
        with closing(self.session.scalars(chunks.execution_options(yield_per=_CHUNKS_AT_ONCE))) as found:
            for data in found:
                yield decode(data)

    def _stored(self) -> Select[bytes]:
        table = self.series.table
        return select(table.data).where(table.trial_id == self.trial_id).order_by(table.first_step)


def _refuse_crowd(rows: int, columns: int) -> None:
    advice = "Thin them with max_points or every, ask for a range"
    if rows > MAX_ROWS:
        detail = f"{rows} rows are too many for one answer; at most {MAX_ROWS} are sent."
        raise InvalidQuery("max_points", f"{detail} {advice}.")
    if rows * columns > MAX_NUMBERS:
        detail = (
            f"{rows} rows of {columns} columns are too many for one answer; at most {MAX_NUMBERS} numbers are sent."
        )
        raise InvalidQuery("max_points", f"{detail} {advice}, or name fewer columns.")


def _within(course: pa.Table, query: TrajectoryQuery) -> pa.Table:
    steps = course["step"].to_numpy()
    first = 0 if query.from_step is None else int(steps.searchsorted(query.from_step, side="left"))
    end = len(steps) if query.to_step is None else int(steps.searchsorted(query.to_step, side="right"))
    return course.slice(first, max(0, end - first))


def _select(table: pa.Table, columns: list[str] | None) -> pa.Table:
    if columns is None:
        return table
    unknown = [name for name in columns if name not in table.column_names]
    if unknown:
        known = ", ".join(table.column_names)
        raise InvalidQuery("columns", f"Unknown column '{unknown[0][:64]}'; this trial has {known}.")
    return table.select(list(dict.fromkeys(columns)))
