"""The account of a batch on the host: who diverged when, the best losses, and the rows to record."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ayla_core.recorder import Column, Outcome, TrialRows, TrialSummary
from ayla_core.trace import Course

NEVER = -1
"""Stands for no step in the arrays of the ledger."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of each trial so far; arrays of shape [trials], changed in place as steps are booked.

    Attributes:
        first_nonfinite: step at which the trial diverged, or NEVER.
        best_loss: smallest finite loss before that, or inf.
        best_step: the first step that had it, or NEVER.
        capped_steps: updates changed by a cap.
        final_loss: loss of the latest step booked.
    """

    first_nonfinite: Integers
    best_loss: Floats
    best_step: Integers
    capped_steps: Integers
    final_loss: Floats

    @classmethod
    def blank(cls, trials: int) -> "Ledger":
        """Before the first step."""
        return cls(
            first_nonfinite=np.full(trials, NEVER, dtype=np.int64),
            best_loss=np.full(trials, np.inf),
            best_step=np.full(trials, NEVER, dtype=np.int64),
            capped_steps=np.zeros(trials, dtype=np.int64),
            final_loss=np.full(trials, np.nan),
        )

    def arrays(self) -> dict[str, Integers | Floats]:
        """The live arrays by name; writing into them changes the ledger."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def alive(self) -> npt.NDArray[np.bool_]:
        """Which trials have not diverged."""
        return np.equal(self.first_nonfinite, NEVER)

    def book(self, course: Course, updates: int) -> Integers:
        """Take over some steps, of which the first ``updates`` are followed by an update.

        Returns:
            How many of the steps count for each trial: all, or those before its first non-finite one.
        """
        steps = len(course.loss)
        diverges = ~course.finite.all(0)
        valid = np.where(self.alive(), np.where(diverges, course.finite.argmin(0), steps), 0)
        counts = np.arange(steps)[:, None] < valid
        self._book_best(course, counts)
        self.capped_steps[:] += (course.capped & counts)[:updates].sum(0)
        self.final_loss[:] = course.loss[-1]
        newly = self.alive() & diverges
        self.first_nonfinite[newly] = course.first_step + valid[newly]
        return valid

    def _book_best(self, course: Course, counts: npt.NDArray[np.bool_]) -> None:
        losses = np.where(counts, course.loss, np.inf)
        steps = losses.argmin(0)
        smallest = losses.min(0)
        better = smallest < self.best_loss
        self.best_loss[better] = smallest[better]
        self.best_step[better] = course.first_step + steps[better]

    def summaries(self, indices: Sequence[int], steps_done: int, *, completed: bool) -> list[TrialSummary]:
        """Where each trial stands, given its index in the job."""
        return [self._summary(place, index, steps_done, completed=completed) for place, index in enumerate(indices)]

    def _summary(self, place: int, index: int, steps_done: int, *, completed: bool) -> TrialSummary:
        diverged_at = _known(self.first_nonfinite[place])
        outcome: Outcome = "running" if not completed else "completed"
        if diverged_at is not None:
            outcome, steps_done = "diverged", diverged_at
        best_step = _known(self.best_step[place])
        return TrialSummary(
            index=index,
            outcome=outcome,
            steps_done=steps_done,
            final_loss=float(self.final_loss[place]) if outcome == "completed" else None,
            best_loss=None if best_step is None else float(self.best_loss[place]),
            best_step=best_step,
            first_nonfinite_step=diverged_at,
            capped_steps=int(self.capped_steps[place]),
        )


def _known(step: np.int64) -> int | None:
    return None if step == NEVER else int(step)


@dataclass(frozen=True, slots=True)
class RowSelector:
    """Which rows are recorded, and as which columns.

    Attributes:
        every: step 0 and its multiples.
        last_step: recorded in any case.
        parameter_names: of the ``param.<name>`` columns.
    """

    every: int
    last_step: int
    parameter_names: tuple[str, ...]

    def rows(
        self, course: Course, was_alive: npt.NDArray[np.bool_], valid: Integers, indices: Sequence[int]
    ) -> list[TrialRows]:
        """The rows of each trial that has any: the recorded steps that count, and the step at which it diverges."""
        steps = course.first_step + np.arange(len(course.loss))
        wanted = (steps % self.every == 0) | (steps == self.last_step)
        kept = []
        for place in np.flatnonzero(was_alive).tolist():
            ahead = np.arange(len(steps)) - valid[place]
            chosen = np.flatnonzero((wanted & (ahead < 0)) | (ahead == 0))
            if len(chosen):
                kept.append(TrialRows(indices[place], self._columns(course, steps, place, chosen)))
        return kept

    def _columns(self, course: Course, steps: Integers, place: int, chosen: Integers) -> dict[str, Column]:
        columns: dict[str, Column] = {"step": steps[chosen]}
        for name in ("loss", "transformed_loss", "scale", "effective_lr", "grad_norm"):
            columns[name] = getattr(course, name)[chosen, place]
        if course.parameters is not None:
            for number, name in enumerate(self.parameter_names):
                columns[f"param.{name}"] = course.parameters[chosen, place, number]
        return columns
