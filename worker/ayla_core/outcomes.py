"""Outcomes of the trials of a batch so far, as columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from ayla_spec.metrics import WholePartMetric

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RUNNING, COMPLETED, DIVERGED = 0, 1, 2
"""Codes of outcomes."""


class MetricOutcomes(NamedTuple):
    """One metric of each trial so far.

    Attributes:
        final: of the model after the last step, infinite where it is no finite number; NaN unless completed.
        best: best finite value of the rows so far; NaN if there was none, or earlier rows are not known.
        best_epoch: the first epoch that had it; -1 where there is none.
    """

    final: Floats
    best: Floats
    best_epoch: Integers


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """Outcomes of the trials of a batch so far, in their order (see ``recorder.TrialOutcome``); arrays of one length.

    Attributes:
        outcome: codes: DIVERGED once its loss or a parameter was not finite, COMPLETED after the last step.
        steps_done: updates made.
        final_loss: loss after the last update; NaN unless completed.
        best_loss: smallest loss before the first non-finite one; NaN if there is none.
        best_step: the first step that has it, or -1.
        first_nonfinite_step: the step a diverged trial stopped at, else -1.
        capped_steps: updates that a cap changed.
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0; -1 if not known.
        losses_above_one: likewise above 1.
        metrics: those that are evaluated.
    """

    outcome: npt.NDArray[np.int8]
    steps_done: Integers
    final_loss: Floats
    best_loss: Floats
    best_step: Integers
    first_nonfinite_step: Integers
    capped_steps: Integers
    losses_below_one: Integers
    losses_above_one: Integers
    metrics: Mapping[WholePartMetric, MetricOutcomes] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many trials there are."""
        return len(self.outcome)

    def part(self, places: slice) -> "OutcomeColumns":
        """The trials at these places."""
        columns = {item.name: getattr(self, item.name)[places] for item in fields(self) if item.name != "metrics"}
        metrics = {
            name: MetricOutcomes(found.final[places], found.best[places], found.best_epoch[places])
            for name, found in self.metrics.items()
        }
        return OutcomeColumns(**columns, metrics=metrics)
