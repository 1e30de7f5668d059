"""Line plots: values by step or epoch, a line for each setting and a band over its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.aggregates import Band, band_of, smoothed
from ayla_service.figures.data import FigureData, drawable
from ayla_service.figures.geometry import value_limits
from ayla_service.figures.legends import (
    add_legend,
    add_nothing_yet,
    add_title,
    set_heading,
    set_value_label,
    sparse_points,
)
from ayla_service.figures.looks import SettingStyle, styles_of
from ayla_service.figures.options import AxisScale
from ayla_service.figures.scales import set_linear_labels, set_value_scale
from ayla_service.figures.style import mark_size
from ayla_service.figures.texts import shortened

_MOST_ENDS = 50
"""Marks of diverged trials of one setting."""

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes of a line plot.

    Attributes:
        column: that is drawn.
        name: of the vertical axis.
        worst: value of a diverged trial after its end.
        heading: above the panel, if there are several.
    """

    column: str
    name: str
    worst: float = np.nan
    heading: str = ""


@dataclass(frozen=True, slots=True)
class LinePlot:
    """Line plot of one or more panels.

    Attributes:
        title: of the figure.
        panels: from left to right, row by row.
        across: name of the horizontal axis.
        per_unit: steps of one unit there.
        scale: of the vertical axes.
        columns: panels side by side.
        same_values: whether all panels have the same vertical axis.
        smooth: points over which a running median is drawn; None for the values themselves.
    """

    title: str
    panels: Sequence[Panel]
    across: str
    per_unit: float = 1.0
    scale: AxisScale = AxisScale.LINEAR
    columns: int = 1
    same_values: bool = False
    smooth: int | None = None


def render(figure: Figure, lines: LinePlot, data: FigureData) -> None:
    """Draw the panels on a figure."""
    add_title(figure, lines.title)
    rows = -(-len(lines.panels) // lines.columns)
    grid = figure.subplots(rows, lines.columns, squeeze=False, sharex=True, sharey=lines.same_values).ravel()
    _label(grid, lines)
    styles = styles_of(data.settings)
    bands = [_bands(data, panel, lines.smooth) for panel in lines.panels]
    for axes, of_panel in zip(grid, bands, strict=False):
        _panel(axes, lines, of_panel, styles)
    shown = [band for of_panel in bands for band in of_panel.values()]
    are_marked = any(_count(band) <= sparse_points(grid[0]) for band in shown if band.seeds)
    add_legend(figure, styles, _notes(data, lines, shown), drawn="marked" if are_marked else "lines")


def _bands(data: FigureData, panel: Panel, smooth: int | None) -> Mapping[int, Band]:
    bands = {one.index: _drawable(band_of(one.trials, panel.column, panel.worst)) for one in data.settings}
    return {index: smoothed(band, smooth) for index, band in bands.items()} if smooth else bands


def _count(band: Band) -> int:
    """The number of points of a line."""
    return int(np.isfinite(band.median).sum())


def _label(grid: npt.NDArray[Any], lines: LinePlot) -> None:
    """Label the axes of all panels, and hide those without a panel."""
    used = grid[: len(lines.panels)]
    for place, (axes, panel) in enumerate(zip(used, lines.panels, strict=True)):
        if panel.heading:
            set_heading(axes, panel.heading)
        if not lines.same_values or place % lines.columns == 0:
            _name(axes, shortened(panel.name, _LONGEST_NAME), lines, rows=len(grid) // lines.columns)
    for axes in used[-lines.columns :]:  # the lowest of each column
        axes.set_xlabel(lines.across)
        axes.tick_params(labelbottom=True)
    for axes in grid[len(lines.panels) :]:
        axes.set_axis_off()


def _name(axes: Axes, name: str, lines: LinePlot, rows: int) -> None:
    """Name the values, and say of smoothed ones that they are."""
    if lines.smooth:
        set_value_label(axes, f"{name}, running median of {lines.smooth} points", share=0.45 / rows)
    else:
        axes.set_ylabel(name)


def _panel(axes: Axes, lines: LinePlot, bands: Mapping[int, Band], styles: Mapping[int, SettingStyle]) -> None:
    if not any(np.isfinite(band.median).any() or band.ends for band in bands.values()):
        add_nothing_yet(axes)
        return
    limits = _limits(axes, list(bands.values()), lines.scale)
    for index, band in bands.items():
        _band(axes, band, styles[index], lines.per_unit, limits)
    if limits is not None:
        axes.set_ylim(limits)


def _drawable(band: Band) -> Band:
    ends = [(step, float(drawable(np.array(value)))) for step, value in band.ends]
    low, median, high = map(drawable, (band.low, band.median, band.high))
    return replace(band, low=low, median=median, high=high, ends=ends)


def _limits(axes: Axes, bands: Sequence[Band], scale: AxisScale) -> tuple[float, float] | None:
    """Choose the scale; and what of it is shown, if not all that is drawn.

    A few steps of a trial on its way to infinity would make a flat line of all others.
    """
    settled = [part for band in bands if not band.ends for part in (band.median, band.low, band.high)]
    ends = np.array([value for band in bands for _, value in band.ends], dtype=np.float64)
    everything = [part for band in bands for part in (band.median, band.low, band.high)] + [ends]
    by_ratio = set_value_scale(axes, everything, scale)
    set_linear_labels(axes.xaxis)
    return value_limits(settled, everything, by_ratio=by_ratio)


def _band(axes: Axes, band: Band, style: SettingStyle, per_unit: float, limits: tuple[float, float] | None) -> None:
    across = band.steps / per_unit
    axes.plot(across, band.median, **style.marked_line(_count(band), sparse_points(axes)))
    if style.named and band.seeds > 1:
        axes.fill_between(across, band.low, band.high, color=style.colour, alpha=0.18, linewidth=0, zorder=2)
    if band.ends:
        _ends(axes, band.ends[:_MOST_ENDS], style, per_unit, limits)


def _ends(
    axes: Axes,
    ends: Sequence[tuple[int, float]],
    style: SettingStyle,
    per_unit: float,
    limits: tuple[float, float] | None,
) -> None:
    """Mark where trials diverged; at the edge, if that is beyond it."""
    steps, values = np.array(ends, dtype=np.float64).T
    within = values if limits is None else values.clip(*limits)
    mark: dict[str, Any] = {
        "linestyle": "",
        "marker": "X",
        "markersize": mark_size(1.15 if style.named else 0.6),
        "color": style.colour,
    }
    axes.plot(steps / per_unit, within, **mark, zorder=4 if style.named else 3.5, clip_on=False)


def _notes(data: FigureData, lines: LinePlot, bands: Sequence[Band]) -> list[str]:
    several = f"median and quartiles over {data.seeds_text}" if data.seeds_total > 1 else ""
    apart = _apart(bands) if lines.smooth else ""
    return [several, apart, "✖ diverged" if any(band.ends for band in bands) else ""]


def _apart(bands: Sequence[Band]) -> str:
    """How far the points are apart, of which the running median is taken."""
    gaps = [np.diff(band.steps) for band in bands if len(band.steps) > 1]
    apart = int(np.median(np.concatenate(gaps))) if gaps else 0
    return f"points {apart} step{'s' * (apart > 1)} apart" if apart else ""
