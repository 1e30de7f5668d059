"""Cells of heat maps over two settings, apart for each optimizer, and for each with and without AYLA."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ayla_service.comparison.arms import optimizer_title
from ayla_service.comparison.metrics import in_words, more_is_better
from ayla_service.comparison.recorded import not_recorded
from ayla_service.comparison.schemas import Distribution
from ayla_service.comparison.service import ComparisonResult
from ayla_service.figures.data import FigureData, Floats, SettingData, SettingValues, TrialResult, drawable
from ayla_service.figures.options import CellValue
from ayla_service.sweeps.axes import Places
from ayla_service.trials.layout import flat
from ayla_service.trials.quantiles import median

_ENDED = frozenset({"completed", "diverged"})
_NAMES = {
    CellValue.FINAL_LOSS: "final loss",
    CellValue.BEST_LOSS: "best loss",
    CellValue.STEPS: "steps to the lowest loss",
}

MOST_SINGLE = 40
"""Columns or rows of a heat map whose cells are marked one by one; cells of more have colours alone."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Cells of one panel.

    Attributes:
        heading: whose they are; empty where there is one panel.
        cells: shape [ys, xs]; the median over seeds. Infinite where most diverged, NaN where nothing has ended.
        settings: how many settings have these values, shape [ys, xs]; of several the best counts.
        more_is_better: whether larger values are better.
    """

    heading: str
    cells: Floats
    settings: Floats
    more_is_better: bool = False

    @property
    def best(self) -> tuple[int, int] | None:
        """Row and column of the best value; None without any. Of equals the first."""
        is_known = np.isfinite(self.cells)
        if not is_known.any():
            return None
        place = np.argmin(np.where(is_known, -self.cells if self.more_is_better else self.cells, np.inf))
        row, column = np.unravel_index(place, self.cells.shape)
        return int(row), int(column)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Heat map over two settings, in panels with the same axes.

    Attributes:
        axis_x: setting along the columns.
        axis_y: setting along the rows.
        xs: its values, in order; None where a setting lacks it.
        ys: likewise.
        panels: the cells, of each optimizer that the axes do not tell apart.
        name: of the values.
        missing: why there are none; empty if there are some.
        across: the values along the columns as numbers on a scale, of a sweep; None of others.
        up: likewise along the rows.
    """

    axis_x: str
    axis_y: str
    xs: list[object]
    ys: list[object]
    panels: list[CellGrid]
    name: str
    missing: str = ""
    across: Places | None = None
    up: Places | None = None

    @property
    def is_dense(self) -> bool:
        """Whether its cells are too small for marks and frames of single ones."""
        return max(len(self.xs), len(self.ys)) > MOST_SINGLE


def values_of(settings: Sequence[SettingData], value: CellValue) -> SettingValues:
    """Medians over the seeds that have ended."""
    return SettingValues(_NAMES[value], {setting.index: _median(setting.results, value) for setting in settings})


def values_by_metric(data: FigureData, result: ComparisonResult) -> SettingValues:
    """The medians that the comparison of the job answers by its metric."""
    found = result.results[0]
    values = {one.label: one.value for one in found.summaries}
    return SettingValues(
        in_words(found.problem.metric),
        {setting.index: _answered(values.get(setting.label)) for setting in data.settings},
        more_is_better(found.problem.metric),
        not_recorded(found.problem) or "",
    )


def _answered(value: Distribution | None) -> float:
    return np.nan if value is None or value.median is None else float(drawable(np.array(value.median)))


def heat_map_of(settings: Sequence[SettingData], axis_x: str, axis_y: str, values: SettingValues) -> HeatMap:
    """The cells of these settings."""
    groups: dict[str, dict[tuple[object, object], list[float]]] = defaultdict(lambda: defaultdict(list))
    for setting in settings:
        own = flat(setting.optimizer)
        place = hashable(own.get(axis_x)), hashable(own.get(axis_y))
        groups[panel_of(setting.optimizer, axis_x, axis_y)][place].append(values.of[setting.index])
    places = {place for group in groups.values() for place in group}
    xs = sorted({across for across, _ in places}, key=_order)
    ys = sorted({up for _, up in places}, key=_order)
    headings = {heading: heading if len(groups) > 1 else "" for heading in groups}
    panels = [_grid(headings[heading], group, xs, ys, values) for heading, group in groups.items()]
    return HeatMap(axis_x, axis_y, xs, ys, panels, values.name, values.missing)


def panel_of(optimizer: Mapping[str, Any], axis_x: str, axis_y: str) -> str:
    """Heading of the panel of a setting: its optimizer, which is another one with AYLA.

    An axis that has the settings of AYLA tells plain ones apart by itself: they stand at "none".
    """
    if "name" in (axis_x, axis_y):
        is_told = any(axis.startswith("ayla.") for axis in (axis_x, axis_y))
        return "" if is_told else "with AYLA" if optimizer.get("ayla") else "plain"
    if any(axis.startswith("ayla.") for axis in (axis_x, axis_y)):
        return optimizer_title({"name": optimizer["name"]})
    return optimizer_title(optimizer)


def _grid(
    heading: str,
    group: Mapping[tuple[object, object], list[float]],
    xs: list[object],
    ys: list[object],
    values: SettingValues,
) -> CellGrid:
    best = max if values.more_is_better else min
    cells, counts = np.full((len(ys), len(xs)), np.nan), np.zeros((len(ys), len(xs)))
    columns, rows = ({value: place for place, value in enumerate(values)} for values in (xs, ys))
    for (across, up), found in group.items():
        place = rows[up], columns[across]
        cells[place] = best((cell for cell in found if not np.isnan(cell)), default=np.nan)
        counts[place] = len(found)
    return CellGrid(heading, cells, counts, values.more_is_better)


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
