"""Heat map over two settings."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from ayla_service.figures.aggregates import HeatMap
from ayla_service.figures.data import FigureData
from ayla_service.figures.options import AxisScale, CellValue
from ayla_service.figures.style import (
    CURVE,
    GUIDE,
    add_title,
    fitting_characters,
    is_log,
    plain_number,
    set_log_labels,
    shortened,
)

_MOST_TEXTS = 144
"""Cells with their value written in them."""

_MOST_TICKS, _TICK_POINTS = 25, 11
_WIDTH_OF_CELLS = 0.65
"""Of the figure; the rest is for labels and the bar."""

_LONGEST_VALUE, _LONGEST_AXIS = 12, 40
_NAMES = {
    CellValue.FINAL_LOSS: "final loss",
    CellValue.BEST_LOSS: "best loss",
    CellValue.STEPS: "steps to the lowest loss",
}


def render(figure: Figure, title: str, heat_map: HeatMap, value: CellValue, scale: AxisScale, data: FigureData) -> None:
    """Draw the cells on a figure."""
    add_title(figure, title)
    axes = figure.subplots()
    axes.grid(visible=False)
    axes.set_facecolor("#EEEEEE")
    _ticks(axes, heat_map, figure.get_figwidth())
    if np.isfinite(heat_map.cells).any():
        _coloured(figure, axes, heat_map, _NAMES[value], scale)
    else:
        axes.set(xlim=(-0.5, len(heat_map.xs) - 0.5), ylim=(-0.5, len(heat_map.ys) - 0.5))
    _marks(axes, heat_map)
    figure.supxlabel(_note(heat_map, data), fontsize="small", color=CURVE)


def _coloured(figure: Figure, axes: Axes, heat_map: HeatMap, name: str, scale: AxisScale) -> None:
    by_ratio = is_log([heat_map.cells], scale)
    cells: Any = np.ma.masked_invalid(heat_map.cells)
    if by_ratio:
        cells = np.ma.masked_less_equal(cells, 0)
    norm = (LogNorm if by_ratio else Normalize)(float(cells.min()), float(cells.max()))
    image = axes.imshow(cells, origin="lower", aspect="auto", cmap="viridis", norm=norm)
    bar = figure.colorbar(image, ax=axes, pad=0.02, label=name)
    if by_ratio:
        set_log_labels(bar.ax.yaxis)
    _texts(axes, heat_map, image)


def _ticks(axes: Axes, heat_map: HeatMap, width: float) -> None:
    axes.set(xlabel=shortened(heat_map.axis_x, _LONGEST_AXIS), ylabel=shortened(heat_map.axis_y, _LONGEST_AXIS))
    for axis, values in ((axes.xaxis, heat_map.xs), (axes.yaxis, heat_map.ys)):
        places = range(0, len(values), -(-len(values) // _MOST_TICKS))
        labels = [shortened(_value_text(values[place]), _LONGEST_VALUE) for place in places]
        axis.set_ticks(places, labels=labels)
        if axis is axes.xaxis and len(" ".join(labels)) > fitting_characters(width * _WIDTH_OF_CELLS, _TICK_POINTS):
            axes.tick_params(axis="x", rotation=60)


def _texts(axes: Axes, heat_map: HeatMap, image: Any) -> None:
    """Write the values into the cells, if they are few: dark on light, light on dark."""
    if heat_map.cells.size > _MOST_TEXTS:
        return
    for (row, column), cell in np.ndenumerate(heat_map.cells):
        if np.isfinite(cell):
            red, green, blue, _ = image.cmap(image.norm(cell))
            light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
            axes.text(
                column,
                row,
                plain_number(cell),
                ha="center",
                va="center",
                fontsize=8,
                color="black" if light else "white",
            )


def _marks(axes: Axes, heat_map: HeatMap) -> None:
    """A cross where most trials diverged, a dot where none has ended; a cell without any setting stays empty."""
    diverged = np.argwhere(np.isinf(heat_map.cells))
    waiting = np.argwhere(np.isnan(heat_map.cells) & (heat_map.settings > 0))
    axes.plot(diverged[:, 1], diverged[:, 0], "X", color="#D55E00", markersize=9, linestyle="")
    axes.plot(waiting[:, 1], waiting[:, 0], "o", markersize=4, color=GUIDE, linestyle="")


def _note(heat_map: HeatMap, data: FigureData) -> str:
    parts = [f"median over {data.seeds_text}" if data.seeds_total > 1 else ""]
    if np.isinf(heat_map.cells).any():
        parts.append("✖ diverged")
    if (np.isnan(heat_map.cells) & (heat_map.settings > 0)).any():
        parts.append("• not ended")
    if (heat_map.settings > 1).any():
        parts.append("of several settings in a cell the best")
    return "  ·  ".join(filter(None, parts))


def _value_text(value: object) -> str:
    """Value of a setting as a label of an axis."""
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
