"""Trials and their results as values, apart from the rows of the store and from HTTP."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SummaryView:
    """The result of a trial in numbers.

    Attributes:
        final_loss: loss after the last step; None if the trial diverged.
        best_loss: lowest finite loss of all steps; None if there was none.
        best_step: the first step with it.
        first_nonfinite_step: where a diverged trial's loss or parameters stopped being finite.
        capped_steps: steps on which AYLA's weight cap or max_scale acted.
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0; one for each update,
            or where AYLA transforms each sample one for each of its samples. None if nobody has counted.
        losses_above_one: likewise above 1.
        notes: what a reader should know: which exponents had no effect.
        wall_seconds: computing time of the shard until the trial ended, shared with the trials beside it.
        steps_per_second: steps of this trial per second of that time; None if no time was measured.
        device: where it ran.
    """

    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int
    losses_below_one: int | None
    losses_above_one: int | None
    notes: list[str]
    wall_seconds: float
    steps_per_second: float | None
    device: str | None


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial; ``summary`` is there once it has completed or diverged."""

    id: str
    job_id: str
    index: int
    optimizer_index: int
    label: str
    optimizer: dict[str, Any]
    seed: int
    state: str
    steps_done: int
    summary: SummaryView | None
