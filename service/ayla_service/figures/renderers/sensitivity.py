"""Sensitivity: the best and the median result at each value of one setting, a line for each arm."""

from collections.abc import Mapping, Sequence
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
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.arms import arm_styles, panels
from ayla_service.figures.scales import set_value_scale
from ayla_service.figures.style import line_width, mark_size


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


def _panel(
    axes: Axes,
    data: Compared,
    drawn: DrawnProblem,
    found: Sequence[SensitivitySeries],
    styles: Mapping[str, SettingStyle],
) -> None:
    if drawn.heading:
        set_heading(axes, drawn.heading)
    set_value_label(axes, drawn.metric_name)
    places = [drawable(np.array([point.at for point in series.points], dtype=np.float64)) for series in found]
    values = [_values(series, which) for series in found for which in ("best", "median")]
    set_value_scale(axes, places, AxisScale.AUTO, horizontal=True)
    set_value_scale(axes, values, data.options.scale or AxisScale.AUTO)
    if not any(np.isfinite(one).any() for one in values):
        add_nothing_yet(axes)
        return
    for series, at in zip(found, places, strict=True):
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
