"""Results of a batch, block by block, and the interface of a recorder that keeps them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import WholePartMetric

from ayla_core.outcomes import COMPLETED, DIVERGED, RUNNING, OutcomeColumns

Column = npt.NDArray[Any]
Outcome = Literal["running", "completed", "diverged"]


@dataclass(frozen=True, slots=True)
class TrialRows:
    """Recorded steps of one trial.

    Attributes:
        index: of the trial in its job.
        columns: arrays of one length: ``step`` (int64), then float64 ``loss``, ``transformed_loss``, ``scale``,
            ``effective_lr``, ``grad_norm`` and the ``param.<name>`` that ``ayla_spec.recording`` lists.
    """

    index: int
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class PredictionRows:
    """The model of one trial at one step, on its samples.

    Attributes:
        index: of the trial in its job.
        step: when.
        columns: float64 ``x`` and ``prediction``, and where they are known ``target`` and ``truth``; shape [points].
    """

    index: int
    step: int
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class MetricRows:
    """Metrics of one trial's model on its dataset, at the ends of epochs.

    Attributes:
        index: of the trial in its job.
        columns: arrays of one length: ``step`` and ``epoch`` (int64), then float64 ``train_loss``, the mean over the
            batches since the row before, each before its update; for classes ``train_accuracy`` of the same batches;
            with test data ``test_loss`` and ``test_accuracy`` of the model after the last update, on the whole test
            part; ``full_train_loss`` and ``full_train_accuracy`` likewise on the whole training part. NaN in rows at
            which a part was not evaluated. Accuracies are fractions.
    """

    index: int
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class MetricOutcome:
    """One metric of a trial so far.

    Attributes:
        final: of the model after the last step, infinite where it is no finite number; None unless completed.
        best: best finite value of the rows so far; None if there was none, or earlier rows are not known.
        best_epoch: the first epoch that had it.
    """

    final: float | None
    best: float | None
    best_epoch: int | None


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """Outcome of one trial so far.

    Attributes:
        index: of the trial in its job.
        outcome: 'diverged' once its loss or a parameter was not finite, 'completed' after the last step.
        steps_done: updates made.
        final_loss: loss after the last update; None unless completed.
        best_loss: smallest loss of all steps, recorded or not, before the first non-finite one; None if there is none.
        best_step: the first step that has it.
        first_nonfinite_step: the step a diverged trial stopped at, else None.
        capped_steps: updates that the cap on the averaging weights or ``max_scale`` changed.
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0. One for each update,
            or where AYLA transforms each sample one for each of its samples. None where it is not known.
        losses_above_one: likewise above 1.
        metrics: those that were evaluated.
    """

    index: int
    outcome: Outcome
    steps_done: int
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int
    losses_below_one: int | None
    losses_above_one: int | None
    metrics: Mapping[WholePartMetric, MetricOutcome] = field(default_factory=dict)


def outcomes_of(columns: OutcomeColumns, indices: Column) -> list[TrialOutcome]:
    """The outcome of each trial by itself, given the trials' indices in their job."""
    return [_outcome(columns, place, index) for place, index in enumerate(indices.tolist())]


_OUTCOMES: dict[int, Outcome] = {RUNNING: "running", COMPLETED: "completed", DIVERGED: "diverged"}


def _outcome(columns: OutcomeColumns, place: int, index: int) -> TrialOutcome:
    metrics: dict[WholePartMetric, MetricOutcome] = {}
    for metric, found in columns.metrics.items():
        one = MetricOutcome(_known(found.final[place]), _known(found.best[place]), _known(found.best_epoch[place]))
        if one.final is not None or one.best_epoch is not None:
            metrics[metric] = one
    return TrialOutcome(
        index=index,
        outcome=_OUTCOMES[int(columns.outcome[place])],
        steps_done=int(columns.steps_done[place]),
        final_loss=_known(columns.final_loss[place]),
        best_loss=_known(columns.best_loss[place]),
        best_step=_known(columns.best_step[place]),
        first_nonfinite_step=_known(columns.first_nonfinite_step[place]),
        capped_steps=int(columns.capped_steps[place]),
        losses_below_one=_known(columns.losses_below_one[place]),
        losses_above_one=_known(columns.losses_above_one[place]),
        metrics=metrics,
    )


def _known(number: Any) -> Any:
    """A number of the columns; None where there is none: NaN, or a step or a count below zero."""
    missing = np.isnan(number) if isinstance(number, np.floating) else number < 0
    return None if missing else number.item()


class Block(Protocol):
    """The outcome of some consecutive steps of a batch."""

    @property
    def indices(self) -> Column:
        """Indices of the trials in their job, int64."""

    @property
    def first_step(self) -> int:
        """The first step evaluated."""

    @property
    def last_step(self) -> int:
        """The last step evaluated."""

    @property
    def rows(self) -> list[TrialRows]:
        """Recorded steps of each trial that has any in this block."""

    @property
    def predictions(self) -> list[PredictionRows]:
        """Of the steps in the block at which they are asked for; not of a trial that has diverged by then."""

    @property
    def metrics(self) -> list[MetricRows]:
        """Of each trial that has any in this block and has not diverged."""

    @property
    def outcomes(self) -> list[TrialOutcome]:
        """Of every trial."""

    @property
    def columns(self) -> OutcomeColumns:
        """The outcomes as columns."""

    @property
    def finished(self) -> bool:
        """Whether this is the last block."""


class Recorder(Protocol):
    """Interface of a recorder: it keeps the blocks of a batch."""

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
        """Keep a block.

        Args:
            block: the next steps.
            checkpoint: gives the state right after them, from which ``Engine.restore`` goes on; costs time, and can be
                asked until this returns.

        Raises:
            Exception: anything, to stop the training; it passes through ``train`` unchanged.
        """


@dataclass(slots=True)
class MemoryRecorder:
    """Recorder in memory.

    Attributes:
        trajectories: the columns of each trial so far, by index.
        metrics: likewise.
        predictions: in the order they came.
        columns: the latest outcomes; None before the first block.
        indices: of their trials.
        checkpoint: the latest; None before the first block.
        finished: whether the last block has come.
    """

    trajectories: dict[int, dict[str, Column]] = field(default_factory=dict)
    metrics: dict[int, dict[str, Column]] = field(default_factory=dict)
    predictions: list[PredictionRows] = field(default_factory=list)
    columns: OutcomeColumns | None = None
    indices: Column | None = None
    checkpoint: bytes | None = None
    finished: bool = False

    def write(self, block: Block, checkpoint: Callable[[], bytes]) -> None:
        """Add a block."""
        for rows in block.rows:
            _append(self.trajectories, rows)
        for metrics in block.metrics:
            _append(self.metrics, metrics)
        self.predictions.extend(block.predictions)
        self.columns, self.indices = block.columns, block.indices
        self.checkpoint = checkpoint()
        self.finished = block.finished

    @property
    def outcomes(self) -> dict[int, TrialOutcome]:
        """The latest outcome of each trial, by index."""
        if self.columns is None or self.indices is None:
            return {}
        return {outcome.index: outcome for outcome in outcomes_of(self.columns, self.indices)}


def _append(kept: dict[int, dict[str, Column]], rows: TrialRows | MetricRows) -> None:
    earlier = kept.get(rows.index)
    if earlier is None:
        kept[rows.index] = rows.columns
    else:
        kept[rows.index] = {name: np.concatenate((earlier[name], column)) for name, column in rows.columns.items()}
