"""Thinning: selection of fewer rows of a trajectory that keeps its extremes. Rows are given by their place, from 0."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ayla_service.trials.selection import Scale

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SEARCHES = 8
"""Halvings in the search for the number of log-spaced edges."""

_FULL = 0.97
"""Share of the stretches that is good enough to end the search."""

_MOST_EDGES = 8
"""Log-spaced edges for each stretch: more are never needed, as at least half of the rows are left out."""


def every_nth(steps: Integers, every: int) -> Integers:
    """The rows whose step is a multiple of ``every``, and the first and the last row."""
    keep = steps % every == 0
    if len(keep):
        keep[0] = keep[-1] = True
    return np.flatnonzero(keep)


def with_extremes(steps: Integers, values: Sequence[Floats], max_points: int, scale: Scale = Scale.LINEAR) -> Integers:
    """At most ``max_points`` rows (>= 2): first and last, and those with the lowest and highest value of each stretch.

    A spike between two kept rows is therefore never lost. What is not finite is no extreme: it is where a trial
    diverged, and the last row is kept.

    Args:
        steps: of the rows, growing.
        values: one or more columns; of those that ``max_points`` has no room for, nothing is looked for.
        max_points: at least 2.
        scale: stretches of equally many rows, or log-spaced in the steps.
    """
    if len(steps) <= max_points:
        return np.arange(len(steps), dtype=np.int64)
    columns = values[: (max_points - 2) // 2]
    kept = [np.array([0, len(steps) - 1], dtype=np.int64)]
    if columns:
        starts = _starts(steps[1:-1], (max_points - 2) // (2 * len(columns)), scale)
        for column in columns:
            inner = np.asarray(column[1:-1], dtype=np.float64)
            kept += [1 + _lowest(inner, starts), 1 + _lowest(-inner, starts)]
    return np.unique(np.concatenate(kept))


def _starts(steps: Integers, stretches: int, scale: Scale) -> Integers:
    """The places at which the stretches begin; each has at least one row."""
    if scale is Scale.LOG:
        return _log_spaced(steps, stretches)
    return np.unique(np.arange(stretches) * len(steps) // stretches)


def _log_spaced(steps: Integers, stretches: int) -> Integers:
    """Edges at a constant ratio of steps, as many as fill about ``stretches`` stretches: low steps leave some empty."""
    best, fewest, most = _at_ratio(steps, stretches), stretches, _MOST_EDGES * stretches
    for _ in range(_SEARCHES):
        edges = (fewest + most + 1) // 2
        found = _at_ratio(steps, edges)
        if len(found) > stretches:
            most = edges - 1
        else:
            best, fewest = found, edges
        if _FULL * stretches <= len(found) <= stretches:
            break
    return best


def _at_ratio(steps: Integers, edges: int) -> Integers:
    # One is added as step 0 has no logarithm.
    bounds = np.geomspace(steps[0] + 1, steps[-1] + 2, edges + 1)[:-1] - 1
    bounds[0] = steps[0]
    return np.unique(steps.searchsorted(bounds))


def _lowest(values: Floats, starts: Integers) -> Integers:
    """The place of the first lowest finite value of each stretch; none for a stretch without a finite value."""
    finite = np.where(np.isfinite(values), values, np.inf)
    lowest = np.minimum.reduceat(finite, starts)
    stretch = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(values)))
    places = np.flatnonzero((finite == lowest[stretch]) & np.isfinite(finite))
    _, first = np.unique(stretch[places], return_index=True)
    return places[first]
