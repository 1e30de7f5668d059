"""Statistics of the trials of a batch, on the host: when each diverged, its best and its last loss."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ayla_core.outcomes import COMPLETED, DIVERGED, RUNNING, OutcomeColumns

NEVER = -1
"""Stands for no step in the arrays."""

UNKNOWN = int(np.iinfo(np.int64).min)
"""Stands for a count that nobody has kept; it stays below zero, whatever is added."""

LATER = dict.fromkeys(("losses_below_one", "losses_above_one"), UNKNOWN)
"""Arrays that checkpoints of an earlier version lack, and what stands for them there."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrialStatistics:
    """Statistics of each trial so far; arrays of shape [lanes], changed in place as steps are counted.

    Lanes that only fill a batch up count as diverged from the start.

    Attributes:
        first_nonfinite: step at which the trial diverged, or NEVER.
        best_loss: smallest finite loss before that, or inf.
        best_step: the first step that had it, or NEVER.
        capped_steps: updates changed by a cap.
        final_loss: loss of the latest step counted.
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0. One for each update,
            or where AYLA transforms each sample one for each of its samples. Below zero where it is not known.
        losses_above_one: likewise above 1.
    """

    first_nonfinite: Integers
    best_loss: Floats
    best_step: Integers
    capped_steps: Integers
    final_loss: Floats
    losses_below_one: Integers
    losses_above_one: Integers

    @classmethod
    def blank(cls, lanes: int, places: Integers) -> "TrialStatistics":
        """Before the first step of the trials at ``places``."""
        first_nonfinite = np.zeros(lanes, dtype=np.int64)
        first_nonfinite[places] = NEVER
        return cls(
            first_nonfinite=first_nonfinite,
            best_loss=np.full(lanes, np.inf),
            best_step=np.full(lanes, NEVER, dtype=np.int64),
            capped_steps=np.zeros(lanes, dtype=np.int64),
            final_loss=np.full(lanes, np.nan),
            losses_below_one=np.zeros(lanes, dtype=np.int64),
            losses_above_one=np.zeros(lanes, dtype=np.int64),
        )

    def arrays(self) -> dict[str, Integers | Floats]:
        """The live arrays by name; writing into one changes the statistics."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def alive(self) -> Flags:
        """Mask of the lanes that have not diverged."""
        return np.equal(self.first_nonfinite, NEVER)

    def of(self, places: Integers) -> "TrialStatistics":
        """A copy for the trials at these places, in their order."""
        return TrialStatistics(
            first_nonfinite=self.first_nonfinite[places],
            best_loss=self.best_loss[places],
            best_step=self.best_step[places],
            capped_steps=self.capped_steps[places],
            final_loss=self.final_loss[places],
            losses_below_one=self.losses_below_one[places],
            losses_above_one=self.losses_above_one[places],
        )

    def update(
        self, first_step: int, loss: Floats, finite: Flags, capped: Flags, loss_counts: Integers | Flags
    ) -> None:
        """Count some steps.

        Args:
            first_step: number of the first.
            loss: shape [steps, lanes].
            finite: whether loss and parameters are finite numbers; same shape.
            capped: whether a cap changed the update that follows; shape [updates, lanes], at most one step less.
            loss_counts: how many losses of the step are below and above 1, shape [steps, 2, lanes].
        """
        steps = len(loss)
        diverges = ~finite.all(0)
        valid = np.where(self.alive(), np.where(diverges, finite.argmin(0), steps), 0)
        counts = np.arange(steps)[:, None] < valid
        self._update_best(first_step, loss, counts)
        moves = counts[: len(capped)]
        self.capped_steps[:] += (capped & moves).sum(0)
        below, above = (loss_counts[: len(capped)] * moves[:, None]).sum(0)
        self.losses_below_one[:] += below
        self.losses_above_one[:] += above
        self.final_loss[:] = loss[-1]
        newly = self.alive() & diverges
        self.first_nonfinite[newly] = first_step + valid[newly]

    def _update_best(self, first_step: int, loss: Floats, counts: Flags) -> None:
        losses = np.where(counts, loss, np.inf)
        steps = losses.argmin(0)
        smallest = losses.min(0)
        better = smallest < self.best_loss
        self.best_loss[better] = smallest[better]
        self.best_step[better] = first_step + steps[better]

    def columns(self, steps_done: int, *, completed: bool) -> OutcomeColumns:
        """The outcome of each trial so far, as columns."""
        diverged = ~self.alive()
        outcome = np.where(diverged, DIVERGED, COMPLETED if completed else RUNNING).astype(np.int8)
        return OutcomeColumns(
            outcome=outcome,
            steps_done=np.where(diverged, self.first_nonfinite, steps_done),
            final_loss=np.where(outcome == COMPLETED, self.final_loss, np.nan),
            best_loss=np.where(self.best_step < 0, np.nan, self.best_loss),
            best_step=np.maximum(self.best_step, NEVER),
            first_nonfinite_step=np.maximum(self.first_nonfinite, NEVER),
            capped_steps=self.capped_steps,
            losses_below_one=np.maximum(self.losses_below_one, NEVER),
            losses_above_one=np.maximum(self.losses_above_one, NEVER),
        )
