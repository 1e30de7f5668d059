"""Fitted curves of one input: data, true curve and the curve of each setting, one panel per recorded step."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.data import FigureData, FittedCurves
from ayla_service.figures.legends import add_legend, add_nothing_yet, add_title
from ayla_service.figures.looks import SettingStyle, styles_of
from ayla_service.figures.style import CURVE, DATA

_DATA: dict[str, Any] = {"linestyle": "", "marker": ".", "color": DATA}
_TRUTH: dict[str, Any] = {"color": CURVE, "linestyle": "--"}


def render(figure: Figure, title: str, data: FigureData) -> None:
    """Draw the panels side by side, or two by two."""
    add_title(figure, title)
    fits = data.fits or FittedCurves([], {})
    styles = styles_of(data.settings)
    across = len(fits.steps) if len(fits.steps) < 4 else 2
    grid = figure.subplots(-(-len(fits.steps) // across), across, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, step in zip(grid, fits.steps, strict=True):
        _panel(axes, fits, step, styles)
    for axes in grid[-across:]:
        axes.set_xlabel("x")
    for axes in grid[::across]:
        axes.set_ylabel("y")
    several = "first seed" if data.seeds_total > 1 else ""
    add_legend(figure, styles, [several], extra=_legend_extra(fits))


def _panel(axes: Axes, fits: FittedCurves, step: int, styles: Mapping[int, SettingStyle]) -> None:
    axes.set_title(f"step {step}")
    found = {index: columns for (at, index), columns in fits.columns.items() if at == step}
    if not found:
        add_nothing_yet(axes)
        return
    data = found[min(found)]
    if "target" in data:
        axes.plot(data["x"], data["target"], **_DATA, zorder=1.8)
    if "truth" in data:
        axes.plot(data["x"], data["truth"], **_TRUTH, zorder=2.5)
    for index, columns in found.items():
        axes.plot(columns["x"], columns["prediction"], **styles[index].line)


def _legend_extra(fits: FittedCurves) -> dict[str, dict[str, Any]]:
    known = set().union(*(columns.keys() for columns in fits.columns.values()))
    entries = {"target": ("data", _DATA), "truth": ("true curve", _TRUTH)}
    return dict(entry for column, entry in entries.items() if column in known)
