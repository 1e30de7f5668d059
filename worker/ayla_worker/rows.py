"""What the core computes, in the form in which the store keeps it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from ayla_core.outcomes import COMPLETED, DIVERGED, RUNNING, OutcomeColumns
from ayla_core.recorded_steps import joined
from ayla_core.recorder import Block, MetricRows, PredictionRows, TrialRows
from ayla_service.states import TrialState
from ayla_service.trials.columns import CODES, Summaries
from ayla_service.trials.encoding import encode
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.writer import NewChunk, NewPredictions, NewResults

_CODES = np.zeros(3, dtype=np.int8)
_CODES[[RUNNING, COMPLETED, DIVERGED]] = [
    CODES[state] for state in (TrialState.QUEUED, TrialState.COMPLETED, TrialState.DIVERGED)
]


def results_of(block: Block) -> NewResults:
    """The new rows of a block."""
    return NewResults(
        [chunk_of(rows) for rows in block.rows if len(rows.columns["step"])],
        [predictions_of(item) for item in block.predictions],
        [chunk_of(rows) for rows in one_per_trial(block.metrics)],
    )


def summaries_of(
    outcomes: OutcomeColumns,
    seconds: float,
    sizes: npt.NDArray[np.int64],
    device: str | None = None,
    *,
    alone: bool,
) -> Summaries:
    """Summaries of the trials of a block, for the store.

    Args:
        outcomes: of the trials.
        seconds: computing time of the block.
        sizes: bytes of results of each trial.
        device: where it was computed.
        alone: whether nothing else was computed beside the trial in those seconds.
    """
    blank = Summaries.blank(len(outcomes))
    columns = dict(blank.columns) | {name: getattr(outcomes, name) for name in _NUMBERS}
    columns |= {"state": _CODES[outcomes.outcome], "stored_bytes": sizes}
    columns["wall_seconds"] = blank["wall_seconds"] + seconds
    columns["ran_alone"] = np.full(len(blank), alone, dtype=np.int8)
    for metric, values in outcomes.metrics.items():
        columns |= dict(zip(METRIC_COLUMNS[metric], values, strict=True))
    if device is not None:
        columns["device"] = np.zeros_like(blank["device"])
    return Summaries(columns, () if device is None else (device,))


_NUMBERS = (
    "steps_done", "final_loss", "best_loss", "best_step", "first_nonfinite_step", "capped_steps",
    "losses_below_one", "losses_above_one",
)  # fmt: skip


def chunk_of(rows: TrialRows | MetricRows) -> NewChunk:
    """Some consecutive rows of a trial, encoded."""
    steps = rows.columns["step"]
    return NewChunk(rows.index, int(steps[0]), int(steps[-1]), len(steps), encode(rows.columns))


def one_per_trial(metrics: Sequence[MetricRows]) -> list[MetricRows]:
    """The rows of each trial in one piece: a block can hold many short epochs, and each piece is a row of the store."""
    pieces: dict[int, list[MetricRows]] = {}
    for rows in metrics:
        pieces.setdefault(rows.index, []).append(rows)
    return [MetricRows(index, joined([rows.columns for rows in parts])) for index, parts in pieces.items()]


def predictions_of(item: PredictionRows) -> NewPredictions:
    """A trial's predictions at one step, encoded."""
    return NewPredictions(item.index, item.step, encode(item.columns))
