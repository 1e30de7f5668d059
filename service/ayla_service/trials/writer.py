"""Results of trials, written in the caller's transaction. Writing the same chunk again changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ayla_service.db.models import Base, ChunkRow, MetricChunkRow, PredictionSetRow

RESULTS: tuple[type[ChunkRow | MetricChunkRow | PredictionSetRow], ...] = (ChunkRow, MetricChunkRow, PredictionSetRow)
"""The tables of results."""


@dataclass(frozen=True, slots=True)
class NewChunk:
    """Consecutive rows of one trial's trajectory or metrics, encoded by ``encoding.encode``."""

    trial_index: int
    first_step: int
    last_step: int
    rows: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NewPredictions:
    """Predictions of one trial at one step, encoded by ``encoding.encode``."""

    trial_index: int
    step: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NewResults:
    """Results of one block of steps, of trials of one job."""

    chunks: list[NewChunk] = field(default_factory=list)
    predictions: list[NewPredictions] = field(default_factory=list)
    metrics: list[NewChunk] = field(default_factory=list)

    def sizes(self, first: int, count: int) -> npt.NDArray[np.int64]:
        """Bytes of data of each of so many trials, from the first of them on."""
        sizes = np.zeros(count, dtype=np.int64)
        items: list[NewChunk | NewPredictions] = [*self.chunks, *self.predictions, *self.metrics]
        for item in items:
            sizes[item.trial_index - first] += len(item.data)
        return sizes


class AttemptResults(NamedTuple):
    """Results of one attempt at a shard of one job."""

    job_id: str
    attempt: int
    results: NewResults


class TrialRange(NamedTuple):
    """Consecutive trials of a job."""

    job_id: str
    first: int
    trials: int

    @property
    def end(self) -> int:
        """Index after the last."""
        return self.first + self.trials


def insert(session: Session, written: Iterable[AttemptResults]) -> None:
    """Add results, in one statement for each table; what is there already stays."""
    written = list(written)
    _insert_new(session, ChunkRow, [row for item in written for row in _rows(item, item.results.chunks)])
    _insert_new(session, MetricChunkRow, [row for item in written for row in _rows(item, item.results.metrics)])
    _insert_new(session, PredictionSetRow, [row for item in written for row in _rows(item, item.results.predictions)])


def discard_from(session: Session, trials: TrialRange, step: int) -> None:
    """Delete the results that an attempt which starts at ``step`` records again.

    Rows and predictions of a step are recorded before its update, metrics after it: those of ``step`` itself belong to
    the updates that are done.
    """
    session.execute(delete(ChunkRow).where(*_of(ChunkRow, trials), ChunkRow.first_step >= step))
    session.execute(delete(MetricChunkRow).where(*_of(MetricChunkRow, trials), MetricChunkRow.first_step > step))
    session.execute(delete(PredictionSetRow).where(*_of(PredictionSetRow, trials), PredictionSetRow.step >= step))


def measured(session: Session, trials: TrialRange) -> npt.NDArray[np.int64]:
    """Bytes of results of each trial, from the rows that are stored; a database knows them without reading the data."""
    sizes = np.zeros(trials.trials, dtype=np.int64)
    for table in RESULTS:
        of_trial = select(table.trial_index, func.sum(func.length(table.data))).where(*_of(table, trials))
        for index, size in session.execute(of_trial.group_by(table.trial_index)):
            sizes[index - trials.first] += size
    return sizes


def _of(table: type[ChunkRow | MetricChunkRow | PredictionSetRow], trials: TrialRange) -> tuple[Any, ...]:
    """Conditions for the rows of these trials."""
    return table.job_id == trials.job_id, table.trial_index >= trials.first, table.trial_index < trials.end


def _rows(item: AttemptResults, results: Iterable[NewChunk | NewPredictions]) -> Iterable[dict[str, Any]]:
    for result in results:
        yield {"job_id": item.job_id, "attempt": item.attempt} | {
            name: getattr(result, name) for name in result.__slots__
        }


def _insert_new(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
