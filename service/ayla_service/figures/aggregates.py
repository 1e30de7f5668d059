"""Aggregates over the trials of settings: bands over seeds for lines, and the cells of heat maps."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.figures.data import Floats, Integers, RecordedTrial, SettingData, TrialResult, drawable
from ayla_service.figures.options import CellValue
from ayla_service.trials.quantiles import median
from ayla_service.trials.summaries import flat

_ENDED = frozenset({"completed", "diverged"})


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


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Cells of a heat map over two settings.

    Attributes:
        axis_x: setting along the columns.
        axis_y: setting along the rows.
        xs: its values, in order; None where a setting lacks it.
        ys: likewise.
        cells: shape [ys, xs]; the median over seeds. Infinite where most diverged, NaN where nothing has ended.
        settings: how many settings have these values, shape [ys, xs]; of several the best counts.
    """

    axis_x: str
    axis_y: str
    xs: list[object]
    ys: list[object]
    cells: Floats
    settings: Floats


def heat_map_of(settings: Sequence[SettingData], axis_x: str, axis_y: str, value: CellValue) -> HeatMap:
    """The cells of these settings."""
    places: dict[tuple[object, object], list[float]] = defaultdict(list)
    for setting in settings:
        values = flat(setting.optimizer)
        places[hashable(values.get(axis_x)), hashable(values.get(axis_y))].append(_median(setting.results, value))
    xs = sorted({across for across, _ in places}, key=_order)
    ys = sorted({up for _, up in places}, key=_order)
    cells, counts = np.full((len(ys), len(xs)), np.nan), np.zeros((len(ys), len(xs)))
    for (across, up), found in places.items():
        place = ys.index(up), xs.index(across)
        cells[place] = min((cell for cell in found if not np.isnan(cell)), default=np.nan)
        counts[place] = len(found)
    return HeatMap(axis_x, axis_y, xs, ys, cells, counts)


def hashable(value: object) -> object:
    """A value of a setting by which it can be looked up: lists as texts."""
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _median(results: Sequence[TrialResult], value: CellValue) -> float:
    """Median over the trials that have ended; a diverged one is worse than all others."""
    found = [_value(result, value) for result in results if result.state in _ENDED]
    return median(found) if found else np.nan


def _value(result: TrialResult, value: CellValue) -> float:
    if result.diverged:
        return np.inf
    found = result.best_step if value is CellValue.STEPS else getattr(result, value)
    return np.inf if found is None else float(drawable(np.array(float(found))))


def _order(value: object) -> tuple[int, float, str]:
    """Sort key: None first, then numbers by size, then texts."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)
