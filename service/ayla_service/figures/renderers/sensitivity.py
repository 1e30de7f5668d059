"""Sensitivity: the best and the median result at each value of one setting, a line for each arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.comparison.sensitivity_schemas import SensitivitySeries
from ayla_service.figures.compared import Compared, DrawnProblem, check_panels
from ayla_service.figures.compared_arms import sensitivity_of
from ayla_service.figures.data import Floats, drawable, drawable_number
from ayla_service.figures.legends import add_legend, add_nothing_yet, add_title, set_heading, set_value_label
from ayla_service.figures.looks import SettingStyle
from ayla_service.figures.options import MOST_HEIGHT, AxisScale, FigureOptions
from ayla_service.figures.renderers.arms import arm_styles, panels
from ayla_service.figures.scales import set_value_scale
from ayla_service.figures.style import line_width, mark_size

_MOST_COLUMNS = 4

_ROW, _REST = 0.21, 0.12
"""Height of a row of panels, and of the texts around them, as shares of the width."""


@dataclass(frozen=True, slots=True)
class AlongAxis:
    """Panel of series along an axis.

    Attributes:
        heading: above it; empty without one.
        axis: name of the horizontal axis.
        metric_name: of the values.
        series: the arms.
    """

    heading: str
    axis: str
    metric_name: str
    series: Sequence[SensitivitySeries]


def render(figure: Figure, data: Compared) -> None:
    """Draw a panel for each problem."""
    check_panels(data)
    add_title(figure, data.title)
    name = data.options.axis_x or "learning_rate"
    found = [sensitivity_of(data, drawn, name) for drawn in data.problems]
    series = [one for many in found for one in many]
    styles = arm_styles([one.name for one in series])
    for axes, drawn, many in zip(panels(figure, data), data.problems, found, strict=False):
        axes.set_xlabel(name.replace("_", " "))
        _panel(axes, data, drawn, many, styles)
    several = any(point.settings > 1 for one in series for point in one.points)
    notes = [
        "best setting at each value" if several else "",
        "faint: median of the settings" if several else "",
        seeds_note(data),
        "✖ diverged" if any(_bad(one).any() for one in series) else "",
    ]
    add_legend(figure, dict(enumerate(styles.values())), notes, drawn="marked")


def seeds_note(data: Compared) -> str:
    """On which seeds settings are judged."""
    if data.options.tuning_seeds is None:
        return "median over all seeds"
    count = len(data.options.tuning_seeds)
    return f"median over {count} tuning seed{'s' * (count > 1)}"


def render_panels(
    figure: Figure, title: str, drawn: Sequence[AlongAxis], options: FigureOptions, notes: Sequence[str]
) -> None:
    """Draw a panel for each group of arms of a sweep, all with the same axes.

    Args:
        figure: empty.
        title: of the figure.
        drawn: the panels.
        options: of the figure.
        notes: what stands below.
    """
    columns = min(len(drawn), _MOST_COLUMNS if len(drawn) > 2 else 2)
    rows = -(-len(drawn) // columns)
    if options.height is None and rows > 1:
        figure.set_figheight(min(MOST_HEIGHT, figure.get_figwidth() * (_ROW * rows + _REST)))
    add_title(figure, title)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    styles = arm_styles([series.name for panel in drawn for series in panel.series])
    for place, axes in enumerate(grid):
        if place >= len(drawn):
            axes.set_axis_off()
            continue
        _draw(
            axes,
            drawn[place],
            options.scale or AxisScale.AUTO,
            styles,
            [one for panel in drawn for one in panel.series],
        )
        axes.set_ylabel(axes.get_ylabel() if place % columns == 0 else "")
        if place + columns >= len(drawn):
            axes.set_xlabel(drawn[place].axis)
            axes.tick_params(axis="x", which="both", labelbottom=True)
    several = any(point.settings > 1 for panel in drawn for one in panel.series for point in one.points)
    bad = any(_bad(one).any() for panel in drawn for one in panel.series)
    said = ["faint: median of the settings" if several else "", "✖ diverged" if bad else ""]
    add_legend(figure, dict(enumerate(styles.values())), [*notes, *said], drawn="marked")


def _panel(
    axes: Axes,
    data: Compared,
    drawn: DrawnProblem,
    found: Sequence[SensitivitySeries],
    styles: Mapping[str, SettingStyle],
) -> None:
    panel = AlongAxis(drawn.heading, "", drawn.metric_name, found)
    _draw(axes, panel, data.options.scale or AxisScale.AUTO, styles, found)


def _draw(
    axes: Axes,
    panel: AlongAxis,
    scale: AxisScale,
    styles: Mapping[str, SettingStyle],
    everything: Sequence[SensitivitySeries],
) -> None:
    """Draw the series of a panel on the scales of all of them."""
    if panel.heading:
        set_heading(axes, panel.heading)
    set_value_label(axes, panel.metric_name)
    places = [drawable(np.array([point.at for point in series.points], dtype=np.float64)) for series in panel.series]
    values = [_values(series, which) for series in everything for which in ("best", "median")]
    set_value_scale(axes, places, AxisScale.AUTO, horizontal=True)
    set_value_scale(axes, values, scale)
    if not any(np.isfinite(one).any() for one in values):
        add_nothing_yet(axes)
        return
    for series, at in zip(panel.series, places, strict=True):
        _series(axes, series, at, styles[series.name])


def _series(axes: Axes, series: SensitivitySeries, at: Floats, style: SettingStyle) -> None:
    axes.plot(at, _values(series, "best"), **style.line | style.marker)
    if any(point.settings > 1 for point in series.points):
        axes.plot(at, _values(series, "median"), **style.line | {"linewidth": line_width(0.6), "alpha": 0.45})
    bad = _bad(series)
    if bad.any():  # at the top edge: what diverged is worse than everything
        edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        axes.plot(at[bad], np.ones(bad.sum()), "X", color=style.colour, markersize=mark_size(1.2), **edge)


def _values(series: SensitivitySeries, which: str) -> Floats:
    found = [getattr(point, which) for point in series.points]
    values = np.array([drawable_number(value) for value in found], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _bad(series: SensitivitySeries) -> np.ndarray:
    return np.array([point.finite == 0 for point in series.points], dtype=bool)
