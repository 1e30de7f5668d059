"""Reads trajectories and predictions for the API."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ayla_service.db.lookup import by_id
from ayla_service.db.models import Chunk, PredictionSet, Trial
from ayla_service.db.session import Database
from ayla_service.errors import InvalidQuery, TrialNotFound
from ayla_service.results.encoding import decode
from ayla_service.results.thinning import every_nth, with_extremes

Steps = npt.NDArray[np.int64]

_CHUNKS_AT_ONCE = 20

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
        with self._database.read() as session:
            if by_id(session, Trial, trial_id) is None:
                raise TrialNotFound(trial_id)
            kept = _kept_steps(session, trial_id, query)
            if len(kept) > MAX_ROWS:
                detail = f"{len(kept)} rows are too many for one answer; at most {MAX_ROWS} are sent."
                raise InvalidQuery("max_points", f"{detail} Thin them with max_points or every, or ask for a range.")
            return _rows(session, trial_id, query, kept)

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


def _kept_steps(session: Session, trial_id: str, query: TrajectoryQuery) -> Steps:
    """The steps that the answer shows; reads two columns only, so that a long trajectory takes little memory."""
    with closing(_chunks(session, trial_id, query)) as chunks:
        tables = [chunk.select(["step", "loss"]) for chunk in chunks]
    if not tables:
        return np.array([], dtype=np.int64)
    course = _within(pa.concat_tables(tables), query)
    if query.every is not None:
        course = every_nth(course, query.every)
    if query.max_points is not None:
        course = with_extremes(course, query.max_points)
    steps: Steps = course["step"].to_numpy()
    return steps


def _rows(session: Session, trial_id: str, query: TrajectoryQuery, kept: Steps) -> pa.Table:
    """The wanted columns at the kept steps."""
    with closing(_chunks(session, trial_id, query)) as chunks:
        parts = [
            _select(chunk, query.columns).filter(pa.array(np.isin(chunk["step"].to_numpy(), kept, assume_unique=True)))
            for chunk in chunks
        ]
    return pa.concat_tables(parts) if parts else _no_rows(session, trial_id, query)


def _no_rows(session: Session, trial_id: str, query: TrajectoryQuery) -> pa.Table:
    """An empty table with the columns that the trial has; before its first block only two are known."""
    anywhere = session.scalar(_stored(trial_id).limit(1))
    if anywhere is None:
        return pa.table({"step": pa.array([], pa.int64()), "loss": pa.array([], pa.float64())})
    return _select(decode(anywhere), query.columns).slice(0, 0)


def _chunks(session: Session, trial_id: str, query: TrajectoryQuery) -> Generator[pa.Table, None, None]:
    """The stored rows that may lie in the range, some at a time; to be closed, as it may hold a cursor."""
    chunks = _stored(trial_id)
    if query.from_step is not None:
        chunks = chunks.where(Chunk.last_step >= query.from_step)
    if query.to_step is not None:
        chunks = chunks.where(Chunk.first_step <= query.to_step)
    with closing(session.scalars(chunks.execution_options(yield_per=_CHUNKS_AT_ONCE))) as found:
        for data in found:
            yield decode(data)


def _stored(trial_id: str) -> Select[bytes]:
    return select(Chunk.data).where(Chunk.trial_id == trial_id).order_by(Chunk.first_step)


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
