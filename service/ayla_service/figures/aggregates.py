"""What the seeds of a setting have in common at each recorded step: median, quartiles, and where trials diverged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.figures.data import Floats, Integers, Run


@dataclass(frozen=True, slots=True)
class Band:
    """The course of a setting over its seeds.

    Attributes:
        steps: growing.
        median: at these steps; NaN where there is none.
        low: the lower quartile; the median itself where there is one seed.
        high: the upper quartile, likewise.
        ends: step and value of the last finite point of each trial that diverged.
        seeds: how many trials have recorded anything.
    """

    steps: Integers
    median: Floats
    low: Floats
    high: Floats
    ends: list[tuple[int, float]]
    seeds: int


def band_of(runs: Sequence[Run], column: str, worst: float = np.nan) -> Band:
    """The band of one column.

    Args:
        runs: trials of one setting.
        column: its name.
        worst: what a diverged trial counts as after its last finite value: infinity keeps an optimizer from gaining by
            diverging where it does badly; NaN leaves it out.
    """
    recorded = [run for run in runs if len(run.steps)]
    if not recorded:
        nothing = np.array([], dtype=np.float64)
        return Band(np.array([], dtype=np.int64), nothing, nothing, nothing, [], 0)
    steps = max((run.steps for run in recorded), key=len)
    rows = np.stack([_aligned(run, column, steps, worst) for run in recorded])
    low, median, high = (quantile(rows, share) for share in (0.25, 0.5, 0.75))
    ends = [end for run in recorded if run.diverged and (end := last_finite(run, column)) is not None]
    return Band(steps, median, low, high, ends, len(recorded))


def last_finite(run: Run, column: str) -> tuple[int, float] | None:
    """The last step with a finite value before the first one that is not, and that value."""
    values = run.column(column)
    count = _finite_count(values)
    return (int(run.steps[count - 1]), float(values[count - 1])) if count else None


def quantile(rows: Floats, share: float) -> Floats:
    """Of each column the quantile over its rows, NaN left out; infinite rows keep their place in the order.

    Args:
        rows: shape [trials, steps].
        share: 0 to 1; between two rows it is interpolated.
    """
    ordered = np.sort(rows, axis=0)  # NaN last
    counts = np.sum(~np.isnan(rows), axis=0)
    place = share * np.maximum(counts - 1, 0)
    below = np.floor(place).astype(np.int64)
    columns = np.arange(rows.shape[1])
    first, second = ordered[below, columns], ordered[np.minimum(below + 1, np.maximum(counts - 1, 0)), columns]
    weight = place - below
    with np.errstate(all="ignore"):
        mixed = first * (1 - weight) + second * weight
    found = np.where((weight == 0) | (first == second), first, mixed)
    return np.where(np.isfinite(found), found, np.nan)


def _aligned(run: Run, column: str, steps: Integers, worst: float) -> Floats:
    """The values of a trial at ``steps``; NaN where it recorded nothing."""
    values = run.column(column)
    count = _finite_count(values)
    places = steps.searchsorted(run.steps[:count])
    inside = places < len(steps)
    known = np.zeros(count, dtype=bool)
    known[inside] = steps[places[inside]] == run.steps[:count][inside]
    aligned = np.full(len(steps), np.nan)
    aligned[places[known]] = values[:count][known]
    if run.diverged:
        aligned[steps > (run.steps[count - 1] if count else -1)] = worst
    return aligned


def _finite_count(values: Floats) -> int:
    """How many values there are before the first that is not finite."""
    bad = np.flatnonzero(~np.isfinite(values))
    return int(bad[0]) if len(bad) else len(values)
