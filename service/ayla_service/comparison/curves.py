"""Loss curves of a comparison, read from trajectories: two columns, some chunks at a time."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.comparison.runs import ComparedProblem, LossCurve, SeedRun
from ayla_service.db.models import ChunkRow

MAX_ROWS = 25_000_000
MAX_BYTES = 2 * 1024**3
"""Of all trajectories together, so that a comparison takes seconds; with what else the trials recorded."""

TOLERANCE = 0.01
"""Without a target, a trial reaches its goal when this part of the way down to the lowest loss is left."""

_CHUNKS_AT_ONCE = 20
_TRIALS_AT_ONCE = 500

Column = npt.NDArray[np.float64]


def too_long(problems: Sequence[ComparedProblem]) -> str | None:
    """How much there is to read, if it is more than is read for one comparison."""
    runs = list(_runs(problems))
    rows, size = sum(run.rows for run in runs), sum(run.stored_bytes for run in runs)
    if rows > MAX_ROWS:
        return f"{rows} recorded rows"
    return f"{size // 1024**2} MiB of recorded rows" if size > MAX_BYTES else None


def read_curves(session: Session, problems: Sequence[ComparedProblem], target: float | None) -> None:
    """Give every run its loss curve.

    The goal is the target. Without one it is, for every problem and seed, ``low + 0.01·(first - low)`` with the
    trial's first loss and the lowest loss that any setting reached with that problem and seed (Moré & Wild 2009).
    """
    lowest = _lowest(problems)
    runs = {run.trial_id: run for run in _runs(problems)}
    curves = {run.trial_id: _CurveReader(target, lowest[run.problem, run.seed]) for run in runs.values()}
    for trial_id, data in _chunks(session, sorted(runs)):
        curves[trial_id].add(*_columns(data))
    for problem in problems:
        for setting in problem.settings.values():
            for seed, run in setting.runs.items():
                setting.runs[seed] = replace(run, curve=curves[run.trial_id].curve(diverged=run.diverged))


def _runs(problems: Iterable[ComparedProblem]) -> Iterator[SeedRun]:
    for problem in problems:
        for setting in problem.settings.values():
            yield from setting.runs.values()


def _lowest(problems: Iterable[ComparedProblem]) -> Mapping[tuple[int, int], float]:
    """The lowest loss by problem and seed."""
    lowest: dict[tuple[int, int], float] = {}
    for run in _runs(problems):
        key = run.problem, run.seed
        lowest[key] = min(run.best_loss, lowest.get(key, math.inf))
    return lowest


@dataclass(slots=True)
class _CurveReader:
    """The loss curve of one trial as far as it has been read."""

    target: float | None
    lowest: float
    area: float = 0.0
    reached: float = math.inf
    last_step: float = math.nan
    last_loss: float = math.nan

    def add(self, steps: Column, losses: Column) -> None:
        """The next rows."""
        if not len(steps):
            return
        if self.target is None:
            self.target = self._goal(float(losses[0]))
        if math.isinf(self.reached):
            below = np.flatnonzero((losses <= self.target) & np.isfinite(losses))
            self.reached = float(steps[below[0]]) if len(below) else math.inf
        with np.errstate(over="ignore", invalid="ignore"):
            self.area += float(np.trapezoid(losses, steps)) + self._gap(float(steps[0]), float(losses[0]))
        self.last_step, self.last_loss = float(steps[-1]), float(losses[-1])

    def _gap(self, step: float, loss: float) -> float:
        """The area between the last row and the next."""
        return 0.0 if math.isnan(self.last_step) else (step - self.last_step) * (self.last_loss / 2 + loss / 2)

    def _goal(self, first: float) -> float:
        if not (math.isfinite(first) and math.isfinite(self.lowest)):
            return -math.inf
        goal = self.lowest + TOLERANCE * (first - self.lowest)
        return goal if math.isfinite(goal) else -math.inf

    def curve(self, *, diverged: bool) -> LossCurve:
        """The numbers of the whole curve; the area of a trial that diverged, or was not recorded, is infinite."""
        is_number = math.isfinite(self.area) and not diverged and not math.isnan(self.last_step)
        return LossCurve(self.area if is_number else math.inf, self.reached)


def _chunks(session: Session, trial_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The stored rows of these trials, in order."""
    for start in range(0, len(trial_ids), _TRIALS_AT_ONCE):
        wanted = ChunkRow.trial_id.in_(trial_ids[start : start + _TRIALS_AT_ONCE])
        query = select(ChunkRow.trial_id, ChunkRow.data).where(wanted).order_by(ChunkRow.trial_id, ChunkRow.first_step)
        with closing(session.execute(query.execution_options(yield_per=_CHUNKS_AT_ONCE))) as found:
            yield from ((trial_id, data) for trial_id, data in found)


def _columns(data: bytes) -> tuple[Column, Column]:
    """Steps and losses of a chunk; what else it has is not even decompressed."""
    with pa.ipc.open_stream(data) as reader:
        wanted = [reader.schema.get_field_index(name) for name in ("step", "loss")]
    with pa.ipc.open_stream(data, options=pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)) as reader:
        table = reader.read_all()
    return table["step"].to_numpy().astype(np.float64), table["loss"].to_numpy().astype(np.float64)
