"""Aggregates over the trials of settings: bands over seeds, for lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ayla_service.figures.data import Floats, Integers, RecordedTrial


@dataclass(frozen=True, slots=True)
class Band:
    """Median and quartiles of a setting over its seeds.

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


def band_of(trials: Sequence[RecordedTrial], column: str, worst: float = np.nan) -> Band:
    """The band of one column.

    Args:
        trials: of one setting.
        column: its name.
        worst: value of a diverged trial after its last finite one: infinity keeps an optimizer from gaining by
            diverging where it does badly; NaN leaves the trial out.
    """
    recorded = [trial for trial in trials if len(trial.steps)]
    if not recorded:
        nothing = np.array([], dtype=np.float64)
        return Band(np.array([], dtype=np.int64), nothing, nothing, nothing, [], 0)
    steps = max((trial.steps for trial in recorded), key=len)
    rows = np.stack([_aligned(trial, column, steps, worst) for trial in recorded])
    low, middle, high = (quantile(rows, share) for share in (0.25, 0.5, 0.75))
    ends = [end for trial in recorded if trial.diverged and (end := trial.last_finite(column)) is not None]
    return Band(steps, middle, low, high, ends, len(recorded))


def smoothed(band: Band, points: int) -> Band:
    """The band with the running median of each of its lines, over so many points around each; NaN stays."""
    low, middle, high = (_running_median(values, points) for values in (band.low, band.median, band.high))
    return replace(band, low=low, median=middle, high=high)


def _running_median(values: Floats, points: int) -> Floats:
    if not len(values):
        return values
    before = points // 2
    padded = np.pad(values, (before, points - 1 - before), constant_values=np.nan)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, points), axis=1)  # NaN last
    found = quantile(windows.T, 0.5)
    return np.where(np.isnan(values), np.nan, found)


def quantile(rows: Floats, share: float) -> Floats:
    """Quantile of each column over its rows, NaN left out; infinite rows keep their place in the order.

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


def _aligned(trial: RecordedTrial, column: str, steps: Integers, worst: float) -> Floats:
    """The values of a trial at ``steps``; NaN where it recorded nothing."""
    count = trial.finite_count(column)
    places = steps.searchsorted(trial.steps[:count])
    inside = places < len(steps)
    known = np.zeros(count, dtype=bool)
    known[inside] = steps[places[inside]] == trial.steps[:count][inside]
    aligned = np.full(len(steps), np.nan)
    aligned[places[known]] = trial.column(column)[:count][known]
    if trial.diverged:
        aligned[steps > (trial.steps[count - 1] if count else -1)] = worst
    return aligned
