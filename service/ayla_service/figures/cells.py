"""Cells of heat maps over two settings, apart for each optimizer, and for each with and without AYLA."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ayla_spec.optimizers.settings import OPTIMIZERS

from ayla_service.figures.data import Floats, SettingData, TrialResult, drawable
from ayla_service.figures.options import CellValue
from ayla_service.trials.quantiles import median
from ayla_service.trials.summaries import flat

_ENDED = frozenset({"completed", "diverged"})
_TITLES = {kind.model_fields["name"].default: kind.title for kind in OPTIMIZERS}


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Cells of one panel.

    Attributes:
        heading: whose they are; empty where there is one panel.
        cells: shape [ys, xs]; the median over seeds. Infinite where most diverged, NaN where nothing has ended.
        settings: how many settings have these values, shape [ys, xs]; of several the best counts.
    """

    heading: str
    cells: Floats
    settings: Floats

    @property
    def best(self) -> tuple[int, int] | None:
        """Row and column of the lowest value; None without any. Of equals the first."""
        if not np.isfinite(self.cells).any():
            return None
        row, column = np.unravel_index(np.nanargmin(self.cells), self.cells.shape)
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
    """

    axis_x: str
    axis_y: str
    xs: list[object]
    ys: list[object]
    panels: list[CellGrid]


def heat_map_of(settings: Sequence[SettingData], axis_x: str, axis_y: str, value: CellValue) -> HeatMap:
    """The cells of these settings."""
    groups: dict[str, dict[tuple[object, object], list[float]]] = defaultdict(lambda: defaultdict(list))
    for setting in settings:
        values = flat(setting.optimizer)
        place = hashable(values.get(axis_x)), hashable(values.get(axis_y))
        groups[panel_of(setting.optimizer, axis_x, axis_y)][place].append(_median(setting.results, value))
    places = {place for group in groups.values() for place in group}
    xs = sorted({across for across, _ in places}, key=_order)
    ys = sorted({up for _, up in places}, key=_order)
    panels = [_grid(heading if len(groups) > 1 else "", group, xs, ys) for heading, group in groups.items()]
    return HeatMap(axis_x, axis_y, xs, ys, panels)


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


def optimizer_title(optimizer: Mapping[str, Any]) -> str:
    """Name of an optimizer for people, which is another one with AYLA."""
    title = _TITLES.get(optimizer["name"], str(optimizer["name"]))
    return f"AYLA-{title}" if optimizer.get("ayla") else title


def _grid(
    heading: str, group: Mapping[tuple[object, object], list[float]], xs: list[object], ys: list[object]
) -> CellGrid:
    cells, counts = np.full((len(ys), len(xs)), np.nan), np.zeros((len(ys), len(xs)))
    columns, rows = ({value: place for place, value in enumerate(values)} for values in (xs, ys))
    for (across, up), found in group.items():
        place = rows[up], columns[across]
        cells[place] = min((cell for cell in found if not np.isnan(cell)), default=np.nan)
        counts[place] = len(found)
    return CellGrid(heading, cells, counts)


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
