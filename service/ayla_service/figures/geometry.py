"""Which part is shown of what optimizers went through: where they stayed, and not all of where some ran away to."""

from collections.abc import Sequence

import numpy as np
from ayla_spec.problems import ExpressionProblem

from ayla_service.figures.aggregates import last_finite
from ayla_service.figures.data import Floats, Material, Run

_ROOM = 0.12
_LEAST = 0.5
"""Half the width around a path that does not move, as a share of its place (of 1 near 0)."""

_LEAST_SPAN = 0.01
_RUNAWAY_ROOM = 0.5
"""Of the span, beyond what is settled on the side where something ran away."""

_LEAST_SIZE, _MOST = 1e-250, 1e100
"""Sizes that are drawn as they are: smaller numbers are drawn as 0, larger ones as the largest."""


def drawable(values: Floats) -> Floats:
    """Values of a size that can be drawn: matplotlib's margins around them, and their ratios, must not overflow."""
    clipped: Floats = np.clip(values, -_MOST, _MOST)
    return np.where(np.abs(clipped) < _LEAST_SIZE, 0.0, clipped)


def finite_path(run: Run, columns: Sequence[str]) -> list[Floats]:
    """The columns up to the last step at which all of them are finite."""
    counts = [0 if last_finite(run, column) is None else _count(run, column) for column in columns]
    return [drawable(run.column(column)[: min(counts)]) for column in columns]


def window(runs: Sequence[Run], column: str, start: float) -> tuple[float, float]:
    """The lowest and highest value of a parameter that are shown; the start point is always within.

    Trials that diverged count only where no other has been: their last steps would make a dot of all the rest.
    """
    found = _joined([path for run in runs if not run.diverged for path in finite_path(run, [column])])
    if not len(found):
        found = _inner(_joined([path for run in runs for path in finite_path(run, [column])]))
    near = min(max(start, -_MOST), _MOST)
    low, high = float(found.min(initial=near)), float(found.max(initial=near))
    least = _LEAST * max(1.0, abs(low)) if high - low <= 1e-9 * max(1.0, abs(low)) else 0.0
    room = max(least, _ROOM * (high - low))
    return low - room, high + room


def windows(problem: ExpressionProblem, material: Material) -> list[tuple[float, float]]:
    """The window of each parameter."""
    runs = [run for setting in material.settings for run in setting.runs]
    return [window(runs, f"param.{name}", start) for name, start in problem.flat_start.items()]


def heights(settled: Sequence[Floats], everything: Sequence[Floats], *, by_ratio: bool) -> tuple[float, float] | None:
    """The lowest and highest value that a vertical axis shows; None if it can show everything.

    Args:
        settled: values of what did not diverge.
        everything: all values.
        by_ratio: whether the axis is logarithmic, and values that are not positive do not count.
    """
    found, whole = _shown(settled, by_ratio=by_ratio), _shown(everything, by_ratio=by_ratio)
    if not len(found):
        found = _inner(whole)
    if not len(found):
        return None
    low, high = float(found.min()), float(found.max())
    room = max(high - low, _LEAST_SPAN * max(1.0, abs(low), abs(high)))
    if low - room <= whole.min() and whole.max() <= high + room:
        return None
    bottom, top = low - _ROOM * room, high + _RUNAWAY_ROOM * room
    if whole.min() < low - room:
        bottom = low - _RUNAWAY_ROOM * room
    # Below it is nothing, which a logarithmic axis cannot have as its end.
    return (10.0 ** max(bottom, -300.0), 10.0**top) if by_ratio else (bottom, top)


def _shown(parts: Sequence[Floats], *, by_ratio: bool) -> Floats:
    found = _joined(parts)
    found = found[np.isfinite(found)]
    return np.log10(found[found > 0]) if by_ratio else found


def _count(run: Run, column: str) -> int:
    bad = np.flatnonzero(~np.isfinite(run.column(column)))
    return int(bad[0]) if len(bad) else len(run.steps)


def _inner(values: Floats) -> Floats:
    """The values without the outermost, where a trial has run away."""
    if len(values) < 2:
        return values
    middle, spread = np.median(values), np.subtract(*np.quantile(values, [0.75, 0.25]))
    inner: Floats = values[np.abs(values - middle) <= 3 * spread + abs(middle)]
    return inner


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate([*parts, np.array([], dtype=np.float64)])
