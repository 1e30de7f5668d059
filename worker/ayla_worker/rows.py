"""Rows of the core, encoded for the store."""

from collections.abc import Mapping, Sequence

from ayla_core.recorded_steps import joined
from ayla_core.recorder import Block, MetricRows, PredictionRows, TrialOutcome, TrialRows
from ayla_service.states import TrialState
from ayla_service.trials.encoding import encode
from ayla_service.trials.metric_columns import METRIC_COLUMNS
from ayla_service.trials.progress import TrialProgress
from ayla_service.trials.writer import NewChunk, NewPredictions, NewResults


def results_of(block: Block, trial_ids: Mapping[int, str]) -> NewResults:
    """The new rows of a block.

    Args:
        block: of the engine.
        trial_ids: id in the store by the trial's index in the engine.
    """
    return NewResults(
        [chunk_of(rows, trial_ids) for rows in block.rows if len(rows.columns["step"])],
        [predictions_of(item, trial_ids) for item in block.predictions],
        [chunk_of(rows, trial_ids) for rows in one_per_trial(block.metrics)],
    )


def progress_of(
    summary: TrialOutcome,
    trial_ids: Mapping[int, str],
    seconds: float,
    device: str | None = None,
    *,
    alone: bool | None = None,
) -> TrialProgress:
    """Progress of a trial, for the store; ``alone``: whether nothing else was computed beside it in those seconds."""
    return TrialProgress(
        trial_id=trial_ids[summary.index],
        state=TrialState(summary.outcome),
        steps_done=summary.steps_done,
        final_loss=summary.final_loss,
        best_loss=summary.best_loss,
        best_step=summary.best_step,
        first_nonfinite_step=summary.first_nonfinite_step,
        capped_steps=summary.capped_steps,
        losses_below_one=summary.losses_below_one,
        losses_above_one=summary.losses_above_one,
        seconds=seconds,
        device=device,
        metrics=metric_columns(summary),
        ran_alone=alone,
    )


def metric_columns(summary: TrialOutcome) -> dict[str, float | None]:
    """The metrics of a trial, by the columns of its row."""
    return {
        name: value
        for metric, found in summary.metrics.items()
        for name, value in zip(METRIC_COLUMNS[metric], (found.final, found.best, found.best_epoch), strict=True)
    }


def chunk_of(rows: TrialRows | MetricRows, trial_ids: Mapping[int, str]) -> NewChunk:
    """Some consecutive rows of a trial, encoded."""
    steps = rows.columns["step"]
    return NewChunk(trial_ids[rows.index], int(steps[0]), int(steps[-1]), len(steps), encode(rows.columns))


def one_per_trial(metrics: Sequence[MetricRows]) -> list[MetricRows]:
    """The rows of each trial in one piece: a block can hold many short epochs, and each piece is a row of the store."""
    pieces: dict[int, list[MetricRows]] = {}
    for rows in metrics:
        pieces.setdefault(rows.index, []).append(rows)
    return [MetricRows(index, joined([rows.columns for rows in parts])) for index, parts in pieces.items()]


def predictions_of(item: PredictionRows, trial_ids: Mapping[int, str]) -> NewPredictions:
    """A trial's predictions at one step, encoded."""
    return NewPredictions(trial_ids[item.index], item.step, encode(item.columns))
