"""The recorded rows of some consecutive steps, for every trial of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ayla_spec.recording import Recording

from ayla_core.recorder import Column, TrialRows
from ayla_core.trial_statistics import NEVER, Floats, Integers


@dataclass(frozen=True, slots=True)
class RecordedSteps:
    """Recorded rows of consecutive steps.

    Attributes:
        first_step: the first step evaluated.
        last_step: the last step evaluated.
        steps: the recorded ones.
        names: of the columns; none where no trajectory is kept.
        values: shape [recorded steps, columns, places]; meaningless after the step at which a trial diverges.
        diverged_rows: the row at which a trial diverged, shape [columns, places]; meaningless elsewhere.
    """

    first_step: int
    last_step: int
    steps: Integers
    names: tuple[str, ...]
    values: Floats
    diverged_rows: Floats

    def columns(self, place: int, first_nonfinite: int) -> dict[str, Column] | None:
        """The columns of one trial, up to the step at which it diverged; None if it has no rows here."""
        if first_nonfinite == NEVER:
            steps, values = self.steps, self.values[:, :, place]
        elif first_nonfinite < self.first_step:
            return None
        else:
            kept = self.steps < first_nonfinite
            steps, values = self.steps[kept], self.values[kept, :, place]
            if first_nonfinite <= self.last_step:
                steps = np.append(steps, first_nonfinite)
                values = np.concatenate((values, self.diverged_rows[None, :, place]))
        if not len(steps):
            return None
        whole = values.astype(np.float64, copy=False)
        return {"step": steps, **{name: whole[:, number].copy() for number, name in enumerate(self.names)}}


def recorded_steps(recording: Recording, first: int, last: int) -> Integers:
    """The steps of ``first`` to ``last`` that are recorded, as an array."""
    steps = recording.steps(first, last)
    parts = [np.arange(part.start, part.stop, part.step, dtype=np.int64) for part in steps]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def rows_of(
    pieces: Sequence[RecordedSteps], indices: Integers, places: Integers, first_nonfinite: Integers
) -> list[TrialRows]:
    """The rows of each trial that has any; given its index in the job, its place in the pieces, when it diverged."""
    rows: list[TrialRows] = []
    if not pieces[0].names:
        return rows
    first, last = pieces[0].first_step, pieces[-1].last_step
    ends_here = (first_nonfinite >= first) & (first_nonfinite <= last)
    has_rows = ends_here | (any(len(piece.steps) for piece in pieces) & (first_nonfinite == NEVER))
    for trial in np.flatnonzero(has_rows).tolist():
        index, place, diverged = int(indices[trial]), int(places[trial]), int(first_nonfinite[trial])
        parts = [part for part in (piece.columns(place, diverged) for piece in pieces) if part is not None]
        if parts:
            rows.append(TrialRows(index, joined(parts)))
    return rows


def joined(parts: Sequence[dict[str, Column]]) -> dict[str, Column]:
    """Several pieces of the same columns, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
