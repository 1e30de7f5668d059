"""Series of a trial as a comparison reads them: its losses by step and its metrics by epoch, chunk by chunk."""

import math
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.comparison.targets import Hits
from ayla_service.db.models import ChunkRow, MetricChunkRow

TOLERANCE = 0.01
"""Without a target, a trial reaches its goal when this part of the way from its first value to the best is left."""

_CHUNKS_AT_ONCE = 20
_TRIALS_AT_ONCE = 500

Column = npt.NDArray[np.float64]


@dataclass(slots=True)
class Area:
    """The area under the loss of one trial over its steps, by the trapezoid rule, as far as it has been read."""

    area: float = 0.0
    rows: int = 0
    last_step: float = math.nan
    last_loss: float = math.nan

    def add(self, steps: Column, losses: Column) -> None:
        """The next rows, at least one."""
        with np.errstate(over="ignore", invalid="ignore"):
            self.area += float(np.trapezoid(losses, steps)) + self._gap(float(steps[0]), float(losses[0]))
        self.rows += len(steps)
        self.last_step, self.last_loss = float(steps[-1]), float(losses[-1])

    def _gap(self, step: float, loss: float) -> float:
        """The area between the last row and the next."""
        return (step - self.last_step) * (self.last_loss / 2 + loss / 2) if self.rows else 0.0


@dataclass(slots=True)
class Approach:
    """The way of one trial to its goal, as far as it has been read; less is better.

    Attributes:
        goal: the value to reach; None: it follows from the first value and ``lowest``.
        lowest: the lowest value of all trials that share the goal.
        rows: how many rows had a value.
        step: of the first row at or below the goal; infinite before there is one.
        epoch: of that row, where epochs are known.
        hits: of many targets; None where these are not asked for.
    """

    goal: float | None
    lowest: float
    rows: int = 0
    step: float = math.inf
    epoch: float = math.inf
    hits: Hits | None = None

    def add(self, steps: Column, values: Column, epochs: Column) -> None:
        """The next rows, at least one."""
        if self.goal is None:
            self.goal = near(self.lowest, float(values[0]))
        self.rows += len(values)
        if self.hits is not None:
            self.hits.add(steps, values)
        if math.isinf(self.step):
            below = np.flatnonzero((values <= self.goal) & np.isfinite(values))
            if len(below):
                self.step, self.epoch = float(steps[below[0]]), float(epochs[below[0]])


def near(lowest: float, first: float) -> float:
    """``low + 0.01·(first - low)`` (Moré & Wild 2009); nothing reaches it where one of them is not finite."""
    goal = lowest + TOLERANCE * (first - lowest) if math.isfinite(first) and math.isfinite(lowest) else -math.inf
    return goal if math.isfinite(goal) else -math.inf


@dataclass(slots=True)
class MetricSeries:
    """The values of one metric of one trial at the ends of epochs, where it was evaluated; less is better."""

    rows: list[tuple[Column, Column, Column]] = field(default_factory=list)
    lowest: float = math.inf

    def add(self, steps: Column, epochs: Column, values: Column, *, negated: bool) -> None:
        """The next rows; what is not finite was not evaluated."""
        known = np.isfinite(values)
        kept = -values[known] if negated else values[known]
        if len(kept):
            self.rows.append((steps[known], kept, epochs[known]))
            self.lowest = min(self.lowest, float(kept.min()))

    @property
    def first(self) -> float:
        """The first value; infinite if there is none."""
        return float(self.rows[0][1][0]) if self.rows else math.inf

    def approach(self, goal: float | None, lowest: float, goals: Column) -> Approach:
        """The way to a goal and to many goals, see there."""
        found = Approach(goal, lowest, hits=Hits(lowest, goals=goals))
        for steps, values, epochs in self.rows:
            found.add(steps, values, epochs)
        return found


def recorded_rows(
    session: Session, table: type[ChunkRow] | type[MetricChunkRow], job_id: str, trials: Collection[int]
) -> dict[int, int]:
    """How many rows are stored of those of these trials of a job that have any, by index."""
    wanted = set(trials)
    query = select(table.trial_index, func.sum(table.rows)).where(table.job_id == job_id).group_by(table.trial_index)
    return {index: int(rows) for index, rows in session.execute(query) if index in wanted}


def chunks(
    session: Session, table: type[ChunkRow] | type[MetricChunkRow], job_id: str, trials: Collection[int]
) -> Iterator[tuple[int, bytes]]:
    """The stored rows of these trials of a job, by index, trial by trial in order of the steps."""
    found = sorted(recorded_rows(session, table, job_id, trials))
    for start in range(0, len(found), _TRIALS_AT_ONCE):
        wanted = (table.job_id == job_id, table.trial_index.in_(found[start : start + _TRIALS_AT_ONCE]))
        query = select(table.trial_index, table.data).where(*wanted).order_by(table.trial_index, table.first_step)
        with closing(session.execute(query.execution_options(yield_per=_CHUNKS_AT_ONCE))) as rows:
            yield from ((index, data) for index, data in rows)


def columns_of(data: bytes, *names: str) -> list[Column] | None:
    """These columns of a chunk, others are not even decompressed; None where it lacks one or has no rows."""
    with pa.ipc.open_stream(data) as reader:
        wanted = [reader.schema.get_field_index(name) for name in names]
    if min(wanted) < 0:
        return None
    with pa.ipc.open_stream(data, options=pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)) as reader:
        table = reader.read_all()
    if not table.num_rows:
        return None
    return [table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in names]
