"""Heat map over two settings, with a panel for each optimizer."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator

from ayla_service.figures.cells import CellGrid, HeatMap
from ayla_service.figures.data import Floats
from ayla_service.figures.legends import add_note, add_title
from ayla_service.figures.options import AxisScale
from ayla_service.figures.scales import is_log, set_linear_labels, set_log_labels
from ayla_service.figures.style import DIVERGED, GUIDE, line_width, mark_size
from ayla_service.figures.texts import POINTS_PER_INCH, fitted, plain_number, points_of, text_inches
from ayla_service.sweeps.axes import Places, forward, scale_for

_MOST_TEXTS = 144
"""Cells of a panel with their value written in them."""

_LEAST_POINTS = 5.0
"""Size of these texts: smaller ones cannot be read."""

_WIDTH_OF_CELLS, _HEIGHT_OF_CELLS = 0.68, 0.62
"""Of the figure; the rest is for labels and the bar."""

_SHOWN_SHARE, _LEAST_CUT = 0.98, 50
"""Of the cells, what the colours are for where the others would take most of them; of fewer cells none is left out."""

_DECADE = 10

_MOST_LABELS, _TICKS_PER_INCH = 12, 1.6
"""Values of a sweep's axis that are labelled each; of more, round numbers are."""

_LONGEST_VALUE = 0.9
"""Inches of a label of a column or row."""

_MARK_SHARE = 0.7
"""Of a cell that a mark in it takes at most."""

_BEST = "#E5007D"
"""Frame of the best cell: a colour that is not on the scale."""


def render(figure: Figure, title: str, heat_map: HeatMap, scale: AxisScale, notes: Sequence[str]) -> None:
    """Draw the panels on a figure.

    Args:
        figure: empty.
        title: of the figure.
        heat_map: what is drawn.
        scale: of the values.
        notes: what else stands below, such as over how many seeds the values are.
    """
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
    add_note(figure, [*notes, *_notes(heat_map)])


def _frame(axes: Axes, heat_map: HeatMap, panel: CellGrid, size: tuple[float, float]) -> None:
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    axes.set(xlim=(-0.5, len(heat_map.xs) - 0.5), ylim=(-0.5, len(heat_map.ys) - 0.5))
    if panel.heading:
        axes.set_title(fitted(panel.heading, size[0], points_of("axes.titlesize")))
    _ring(axes, panel) if heat_map.is_dense else _marks(axes, panel, size)


def _coloured(figure: Figure, grid: list[Axes], heat_map: HeatMap, scale: AxisScale, size: tuple[float, float]) -> None:
    """Colour the cells of all panels on one scale."""
    norm, extend = colour_scale([panel.cells for panel in heat_map.panels], scale)
    colours = ScalarMappable(norm, "viridis")
    for axes, panel in zip(grid, heat_map.panels, strict=False):
        axes.imshow(_pixels(panel, colours, heat_map), origin="lower", aspect="auto", interpolation="nearest")
        _texts(axes, panel, colours, size)
    bar = figure.colorbar(colours, ax=grid, pad=0.02, label=heat_map.name, extend=extend)
    (set_log_labels if isinstance(norm, LogNorm) else set_linear_labels)(bar.ax.yaxis)


def colour_scale(cells: Sequence[Floats], scale: AxisScale) -> tuple[Normalize, Literal["neither", "max"]]:
    """The scale of the colours of finite cells, and whether some lie beyond its end.

    Where the worst two in a hundred would take more than half of the colours, they share the last one.
    """
    everything = np.concatenate([panel.ravel() for panel in cells])
    found = everything[np.isfinite(everything)]
    positive = found[found > 0]
    # Zeros among positive values, such as gaps of what has reached the minimum, are no reason against a logarithm.
    by_ratio = is_log([positive if (found >= 0).all() else found], scale)
    found = positive if by_ratio else found
    low, end, high = (float(value) for value in np.quantile(found, (0, _SHOWN_SHARE, 1), method="lower"))
    position: Callable[[float], float] = math.log10 if by_ratio else float
    is_cut = len(found) >= _LEAST_CUT and position(high) - position(end) > position(end) - position(low) > 0
    norm = (LogNorm if by_ratio else Normalize)(low, end if is_cut else high)
    return norm, "max" if is_cut else "neither"


def _pixels(panel: CellGrid, colours: ScalarMappable, heat_map: HeatMap) -> Any:
    """A colour for each cell.

    Those without a value have none, and where cells have no marks diverged ones have one. On a logarithmic scale 0 has
    the colour of the least value, and what is negative none.
    """
    is_drawn = np.isfinite(panel.cells)
    least = float(colours.get_clim()[0] or 0)
    if isinstance(colours.norm, LogNorm):
        is_drawn &= panel.cells >= 0
        shown = np.where(panel.cells > 0, panel.cells, least)
    else:
        shown = panel.cells
    pixels = colours.to_rgba(np.where(is_drawn, shown, least), bytes=True)
    pixels[~is_drawn] = 0
    if heat_map.is_dense:
        pixels[np.isinf(panel.cells)] = [round(255 * part) for part in to_rgba(DIVERGED)]
    return pixels


def _ticks(axes: Axes, heat_map: HeatMap, size: tuple[float, float]) -> bool:
    """Label the columns and rows, as many as there is room for; returns whether those of columns are turned."""
    points = points_of("xtick.labelsize")
    height = 1.5 * points / POINTS_PER_INCH
    across = _labels(heat_map.xs, points)
    widest = max((text_inches(label, points) for label in across), default=0.0) + height / 2
    has_numbers = heat_map.across is not None and len(across) > _MOST_LABELS
    turned = widest * min(len(across), 8) > size[0] and not has_numbers
    sides = (
        (axes.xaxis, across, heat_map.across, size[0], height if turned else widest),
        (axes.yaxis, _labels(heat_map.ys, points), heat_map.up, size[1], height),
    )
    for axis, labels, numbers, room, one in sides:
        if numbers is not None and len(labels) > _MOST_LABELS:
            _number_ticks(axis, numbers, int(max(3, room * _TICKS_PER_INCH)))
            continue
        places = range(0, len(labels), max(1, math.ceil(len(labels) * one / room)))
        axis.set_ticks(places, labels=[labels[place] for place in places])
    return turned


def _number_ticks(axis: Axis, places: Places, most: int) -> None:
    """Label round numbers where they lie between the columns or rows."""
    values = places.centres if places.edges is None else places.edges
    at = np.arange(len(values)) - (0.0 if places.edges is None else 0.5)
    scale = scale_for(places.axis.scale, values)
    low, high = float(values[0]), float(values[-1])
    locator = (
        LogLocator(numticks=most)
        if scale == "log" and high > _DECADE * low
        else MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])
    )
    ticks = np.array([tick for tick in locator.tick_values(low, high) if low <= tick <= high])
    axis.set_ticks(np.interp(forward(scale, ticks), forward(scale, values), at), labels=list(map(plain_number, ticks)))


def _labels(values: list[object], points: float) -> list[str]:
    return [fitted(_value_text(value), _LONGEST_VALUE, points) for value in values]


def _texts(axes: Axes, panel: CellGrid, colours: ScalarMappable, size: tuple[float, float]) -> None:
    """Write the values into the cells, if they are few and fit: dark on light, light on dark."""
    rows, columns = panel.cells.shape
    if np.isfinite(panel.cells).sum() > _MOST_TEXTS:
        return
    texts = {place: plain_number(cell) for place, cell in np.ndenumerate(panel.cells) if np.isfinite(cell)}
    widest = max((text_inches(text, 1.0) for text in texts.values()), default=1.0)
    fitting = min(0.86 * size[0] / columns / widest, 0.5 * size[1] / rows * POINTS_PER_INCH)
    points = min(points_of("xtick.labelsize"), fitting)
    if points < _LEAST_POINTS:
        return
    for (row, column), text in texts.items():
        red, green, blue, _ = colours.to_rgba(panel.cells[row, column])
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        colour = "black" if light else "white"
        axes.text(column, row, text, ha="center", va="center", fontsize=points, color=colour)


def _marks(axes: Axes, panel: CellGrid, size: tuple[float, float]) -> None:
    """A cross where most trials diverged, a dot where none has ended; a cell without any setting stays empty.

    The best cell has a frame.
    """
    diverged = np.argwhere(np.isinf(panel.cells))
    waiting = np.argwhere(np.isnan(panel.cells) & (panel.settings > 0))
    rows, columns = panel.cells.shape
    fitting = _MARK_SHARE * POINTS_PER_INCH * min(size[0] / max(columns, 1), size[1] / max(rows, 1))
    crosses = min(mark_size(1.3), fitting)
    axes.plot(
        diverged[:, 1],
        diverged[:, 0],
        "X",
        color=DIVERGED,
        markersize=crosses,
        markeredgewidth=min(1.0, crosses / 7),
        linestyle="",
    )
    axes.plot(waiting[:, 1], waiting[:, 0], "o", markersize=mark_size(0.6), color=GUIDE, linestyle="")
    if panel.best is not None:
        row, column = panel.best
        frame: dict[str, Any] = {"fill": False, "clip_on": False, "zorder": 5}
        corner = column - 0.5, row - 0.5
        axes.add_patch(Rectangle(corner, 1, 1, edgecolor="white", linewidth=line_width(2.4), **frame))
        axes.add_patch(Rectangle(corner, 1, 1, edgecolor=_BEST, linewidth=line_width(1.4), **frame))


def _ring(axes: Axes, panel: CellGrid) -> None:
    """A ring around the best of many small cells."""
    if panel.best is not None:
        row, column = panel.best
        ring: dict[str, Any] = {"markerfacecolor": "none", "linestyle": "", "clip_on": False, "zorder": 5}
        for colour, width in (("white", 2.4), (_BEST, 1.3)):
            axes.plot(
                column,
                row,
                "o",
                markeredgecolor=colour,
                markeredgewidth=line_width(width),
                markersize=mark_size(2),
                **ring,
            )


def _notes(heat_map: HeatMap) -> list[str]:
    panels = heat_map.panels
    each = " of each panel" if len(panels) > 1 else ""
    mark, bad = ("ringed", "orange:") if heat_map.is_dense else ("framed", "✖")
    return [
        f"{mark}: the best{each}" if any(panel.best for panel in panels) else "",
        f"{bad} diverged" if any(np.isinf(panel.cells).any() for panel in panels) else "",
        heat_map.missing,
        "• not ended"
        if not heat_map.missing and any((np.isnan(panel.cells) & (panel.settings > 0)).any() for panel in panels)
        else "",
    ]


def _value_text(value: object) -> str:
    """Value of a setting as a label of an axis."""
    if value is None:
        return "none"
    return plain_number(value, 4) if isinstance(value, float) else str(value)
