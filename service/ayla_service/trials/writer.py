"""Results of trials, written in the caller's transaction. Writing the same chunk again changes nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ayla_service.db.models import Base, ChunkRow, MetricChunkRow, PredictionSetRow, TrialRow


@dataclass(frozen=True, slots=True)
class NewChunk:
    """Consecutive rows of one trial's trajectory or metrics, encoded by ``encoding.encode``."""

    trial_id: str
    first_step: int
    last_step: int
    rows: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NewPredictions:
    """Predictions of one trial at one step, encoded by ``encoding.encode``."""

    trial_id: str
    step: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NewResults:
    """Results of one block of steps."""

    chunks: list[NewChunk] = field(default_factory=list)
    predictions: list[NewPredictions] = field(default_factory=list)
    metrics: list[NewChunk] = field(default_factory=list)

    def sizes(self) -> dict[str, int]:
        """Bytes of data by trial."""
        sizes: dict[str, int] = defaultdict(int)
        items: list[NewChunk | NewPredictions] = [*self.chunks, *self.predictions, *self.metrics]
        for item in items:
            sizes[item.trial_id] += len(item.data)
        return sizes


def insert(session: Session, results: NewResults, attempt: int) -> None:
    """Add the results of an attempt; what is there already stays."""
    _insert_new(session, ChunkRow, [_row(chunk, attempt) for chunk in results.chunks])
    _insert_new(session, MetricChunkRow, [_row(chunk, attempt) for chunk in results.metrics])
    _insert_new(session, PredictionSetRow, [_row(item, attempt) for item in results.predictions])


def discard_from(session: Session, trial_ids: Sequence[str], step: int) -> None:
    """Delete the results that an attempt which starts at ``step`` records again.

    Rows and predictions of a step are recorded before its update, metrics after it: those of ``step`` itself belong to
    the updates that are done.
    """
    session.execute(delete(ChunkRow).where(ChunkRow.trial_id.in_(trial_ids), ChunkRow.first_step >= step))
    session.execute(
        delete(MetricChunkRow).where(MetricChunkRow.trial_id.in_(trial_ids), MetricChunkRow.first_step > step)
    )
    session.execute(
        delete(PredictionSetRow).where(PredictionSetRow.trial_id.in_(trial_ids), PredictionSetRow.step >= step)
    )
    measure(session, TrialRow.id.in_(trial_ids))


def measure(session: Session, which: ColumnElement[bool]) -> None:
    """Update ``stored_bytes`` of trials from the rows that are stored."""
    size: ColumnElement[int] = literal(0)
    for table in (ChunkRow, MetricChunkRow, PredictionSetRow):
        of_table = select(func.sum(func.length(table.data))).where(table.trial_id == TrialRow.id).scalar_subquery()
        size = size + func.coalesce(of_table, 0)
    session.execute(update(TrialRow).where(which).values(stored_bytes=size))


def _row(item: NewChunk | NewPredictions, attempt: int) -> dict[str, Any]:
    return {"attempt": attempt} | {name: getattr(item, name) for name in item.__slots__}


def _insert_new(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
