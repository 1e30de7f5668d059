"""Heat map over two settings, with a panel for each optimizer."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ayla_service.figures.cells import CellGrid, HeatMap
from ayla_service.figures.data import FigureData
from ayla_service.figures.legends import add_note, add_title
from ayla_service.figures.options import AxisScale
from ayla_service.figures.scales import is_log, set_linear_labels, set_log_labels
from ayla_service.figures.style import DIVERGED, GUIDE, line_width, mark_size
from ayla_service.figures.texts import POINTS_PER_INCH, fitted, plain_number, points_of, text_inches

_MOST_TEXTS = 144
"""Cells of a panel with their value written in them."""

_LEAST_POINTS = 5.0
"""Size of these texts: smaller ones cannot be read."""

_WIDTH_OF_CELLS, _HEIGHT_OF_CELLS = 0.68, 0.62
"""Of the figure; the rest is for labels and the bar."""

_LONGEST_VALUE = 0.9
"""Inches of a label of a column or row."""

_BEST = "#E5007D"
"""Frame of the best cell: a colour that is not on the scale."""


def render(figure: Figure, title: str, heat_map: HeatMap, scale: AxisScale, data: FigureData) -> None:
    """Draw the panels on a figure."""
    add_title(figure, title)
    columns = min(len(heat_map.panels), 3)
    rows = -(-len(heat_map.panels) // columns)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    size = figure.get_figwidth() * _WIDTH_OF_CELLS / columns, figure.get_figheight() * _HEIGHT_OF_CELLS / rows
    is_turned = _ticks(grid[0], heat_map, size)
    for place, axes in enumerate(grid):
        if place >= len(heat_map.panels):
            axes.set_axis_off()
            continue
        _frame(axes, heat_map, heat_map.panels[place], size)
        if place % columns == 0:
            axes.set_ylabel(fitted(heat_map.axis_y, size[1], points_of("axes.labelsize")))
        if place + columns >= len(heat_map.panels):
            axes.set_xlabel(fitted(heat_map.axis_x, size[0], points_of("axes.labelsize")))
            axes.tick_params(axis="x", labelbottom=True, rotation=60 if is_turned else 0)
    if any(np.isfinite(panel.cells).any() for panel in heat_map.panels):
        _coloured(figure, list(grid), heat_map, scale, size)
    add_note(figure, _notes(heat_map, data))


def _frame(axes: Axes, heat_map: HeatMap, panel: CellGrid, size: tuple[float, float]) -> None:
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    axes.set(xlim=(-0.5, len(heat_map.xs) - 0.5), ylim=(-0.5, len(heat_map.ys) - 0.5))
    if panel.heading:
        axes.set_title(fitted(panel.heading, size[0], points_of("axes.titlesize")))
    _marks(axes, panel)


def _coloured(figure: Figure, grid: list[Axes], heat_map: HeatMap, scale: AxisScale, size: tuple[float, float]) -> None:
    """Colour the cells of all panels on one scale."""
    everything = [panel.cells for panel in heat_map.panels]
    by_ratio = is_log(everything, scale)
    found = np.concatenate([cells.ravel() for cells in everything])
    found = found[np.isfinite(found) & ((found > 0) | (not by_ratio))]
    norm = (LogNorm if by_ratio else Normalize)(float(found.min()), float(found.max()))
    for axes, panel in zip(grid, heat_map.panels, strict=False):
        cells: Any = np.ma.masked_invalid(panel.cells)
        cells = np.ma.masked_less_equal(cells, 0) if by_ratio else cells
        image = axes.imshow(cells, origin="lower", aspect="auto", cmap="viridis", norm=norm)
        _texts(axes, panel, image, size)
    bar = figure.colorbar(image, ax=grid, pad=0.02, label=heat_map.name)
    (set_log_labels if by_ratio else set_linear_labels)(bar.ax.yaxis)


def _ticks(axes: Axes, heat_map: HeatMap, size: tuple[float, float]) -> bool:
    """Label the columns and rows, as many as there is room for; returns whether those of columns are turned."""
    points = points_of("xtick.labelsize")
    height = 1.5 * points / POINTS_PER_INCH
    across = _labels(heat_map.xs, points)
    widest = max(text_inches(label, points) for label in across) + height / 2
    turned = widest * min(len(across), 8) > size[0]
    for axis, labels, room in ((axes.xaxis, across, size[0]), (axes.yaxis, _labels(heat_map.ys, points), size[1])):
        one = height if axis is axes.yaxis or turned else widest
        places = range(0, len(labels), max(1, math.ceil(len(labels) * one / room)))
        axis.set_ticks(places, labels=[labels[place] for place in places])
    return turned


def _labels(values: list[object], points: float) -> list[str]:
    return [fitted(_value_text(value), _LONGEST_VALUE, points) for value in values]


def _texts(axes: Axes, panel: CellGrid, image: Any, size: tuple[float, float]) -> None:
    """Write the values into the cells, if they are few and fit: dark on light, light on dark."""
    rows, columns = panel.cells.shape
    texts = {place: plain_number(cell) for place, cell in np.ndenumerate(panel.cells) if np.isfinite(cell)}
    widest = max((text_inches(text, 1.0) for text in texts.values()), default=1.0)
    fitting = min(0.86 * size[0] / columns / widest, 0.5 * size[1] / rows * POINTS_PER_INCH)
    points = min(points_of("xtick.labelsize"), fitting)
    if len(texts) > _MOST_TEXTS or points < _LEAST_POINTS:
        return
    for (row, column), text in texts.items():
        red, green, blue, _ = image.cmap(image.norm(panel.cells[row, column]))
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        colour = "black" if light else "white"
        axes.text(column, row, text, ha="center", va="center", fontsize=points, color=colour)


def _marks(axes: Axes, panel: CellGrid) -> None:
    """A cross where most trials diverged, a dot where none has ended; a cell without any setting stays empty.

    The best cell has a frame.
    """
    diverged = np.argwhere(np.isinf(panel.cells))
    waiting = np.argwhere(np.isnan(panel.cells) & (panel.settings > 0))
    axes.plot(diverged[:, 1], diverged[:, 0], "X", color=DIVERGED, markersize=mark_size(1.3), linestyle="")
    axes.plot(waiting[:, 1], waiting[:, 0], "o", markersize=mark_size(0.6), color=GUIDE, linestyle="")
    if panel.best is not None:
        row, column = panel.best
        frame: dict[str, Any] = {"fill": False, "clip_on": False, "zorder": 5}
        corner = column - 0.5, row - 0.5
        axes.add_patch(Rectangle(corner, 1, 1, edgecolor="white", linewidth=line_width(2.4), **frame))
        axes.add_patch(Rectangle(corner, 1, 1, edgecolor=_BEST, linewidth=line_width(1.4), **frame))


def _notes(heat_map: HeatMap, data: FigureData) -> list[str]:
    panels = heat_map.panels
    each = " of each panel" if len(panels) > 1 else ""
    return [
        f"median over {data.seeds_text}" if data.seeds_total > 1 else "",
        f"framed: the best{each}" if any(panel.best for panel in panels) else "",
        "✖ diverged" if any(np.isinf(panel.cells).any() for panel in panels) else "",
        heat_map.missing,
        "• not ended"
        if not heat_map.missing and any((np.isnan(panel.cells) & (panel.settings > 0)).any() for panel in panels)
        else "",
        "of several settings in a cell the best" if any((panel.settings > 1).any() for panel in panels) else "",
    ]


def _value_text(value: object) -> str:
    """Value of a setting as a label of an axis."""
    if value is None:
        return "none"
    return plain_number(value, 4) if isinstance(value, float) else str(value)
