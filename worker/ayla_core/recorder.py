"""What a batch hands out as it goes, and the interface of whoever keeps it."""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Outcome = Literal["running", "completed", "diverged"]


@dataclass(frozen=True, slots=True)
class TrialRows:
    """Recorded steps of one trial.

    Attributes:
        index: of the trial in its job.
        columns: arrays of one length: ``step`` (int64), then float64 ``loss``, ``transformed_loss``, ``scale``,
            ``effective_lr``, ``grad_norm`` and, for expressions, ``param.<name>`` of each variable.
    """

    index: int
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class PredictionRows:
    """The model of one trial at one step, on its samples.

    Attributes:
        index: of the trial in its job.
        step: when.
        columns: float64 ``x``, ``target``, ``truth``, ``prediction``, shape [samples] each.
    """

    index: int
    step: int
    columns: dict[str, Column]


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """Where one trial stands.

    Attributes:
        index: of the trial in its job.
        outcome: 'diverged' once its loss or a parameter was not finite, 'completed' after the last step.
        steps_done: updates made.
        final_loss: loss after the last update; None unless completed.
        best_loss: smallest loss of all steps, recorded or not, before the first non-finite one; None if there is none.
        best_step: the first step that has it.
        first_nonfinite_step: the step a diverged trial stopped at, else None.
        capped_steps: updates that the cap on the averaging weights or ``max_scale`` changed.
    """

    index: int
    outcome: Outcome
    steps_done: int
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int


@dataclass(frozen=True, slots=True)
class Block:
    """The outcome of some consecutive steps of a batch.

    Attributes:
        first_step: the first step evaluated.
        last_step: the last step evaluated.
        rows: of each trial that has recorded steps in this block.
        predictions: of the steps in the block at which they are asked for; not of a trial that has diverged by then.
        summaries: of every trial.
        finished: whether this is the last block.
    """

    first_step: int
    last_step: int
    rows: list[TrialRows]
    predictions: list[PredictionRows]
    summaries: list[TrialSummary]
    finished: bool


class Recorder(Protocol):
    """Keeps what a batch hands out."""

    def write(self, block: Block, checkpoint: bytes) -> None:
        """Keep a block and the state right after it, from which ``Engine.restore`` goes on.

        Raises:
            Exception: anything, to stop the training; it passes through ``train`` unchanged.
        """


@dataclass(slots=True)
class MemoryRecorder:
    """Keeps everything in memory.

    Attributes:
        trajectories: the columns of each trial so far, by index.
        predictions: in the order they came.
        summaries: the latest of each trial, by index.
        checkpoint: the latest; None before the first block.
        finished: whether the last block has come.
    """

    trajectories: dict[int, dict[str, Column]] = field(default_factory=dict)
    predictions: list[PredictionRows] = field(default_factory=list)
    summaries: dict[int, TrialSummary] = field(default_factory=dict)
    checkpoint: bytes | None = None
    finished: bool = False

    def write(self, block: Block, checkpoint: bytes) -> None:
        """Add a block."""
        for rows in block.rows:
            earlier = self.trajectories.get(rows.index)
            self.trajectories[rows.index] = rows.columns if earlier is None else _joined(earlier, rows.columns)
        self.predictions.extend(block.predictions)
        self.summaries.update((summary.index, summary) for summary in block.summaries)
        self.checkpoint = checkpoint
        self.finished = block.finished


def _joined(earlier: dict[str, Column], later: dict[str, Column]) -> dict[str, Column]:
    return {name: np.concatenate((column, later[name])) for name, column in earlier.items()}
