"""Tuning: the expected best of k settings of each arm, with the band that most draws of k settings are in."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.sensitivity_schemas import BestOfSettings
from ayla_service.figures.compared import Compared, DrawnProblem, check_panels
from ayla_service.figures.compared_arms import best_of_settings
from ayla_service.figures.data import Floats, drawable_number
from ayla_service.figures.legends import (
    add_legend,
    add_nothing_yet,
    add_title,
    set_heading,
    set_value_label,
    sparse_points,
)
from ayla_service.figures.looks import SettingStyle
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.arms import arm_styles, panels
from ayla_service.figures.renderers.sensitivity import seeds_note
from ayla_service.figures.scales import set_value_scale


def render(figure: Figure, data: Compared) -> None:
    """Draw a panel for each problem."""
    check_panels(data)
    add_title(figure, data.title)
    found = [best_of_settings(data, drawn) for drawn in data.problems]
    styles = arm_styles([arm for one in found for arm in one])
    for axes, drawn, one in zip(panels(figure, data), data.problems, found, strict=False):
        _panel(axes, data, drawn, one, styles)
    points = [point for one in found for curve in one.values() for point in curve]
    band = f"band: {percent(data.result.query.confidence)} of the draws of k settings"
    partly = any(point.nothing_finite for point in points)
    notes = [band, "lines begin where every draw has a finite value" if partly else "", seeds_note(data)]
    add_legend(figure, dict(enumerate(styles.values())), notes, drawn="marked")


def _panel(
    axes: Axes,
    data: Compared,
    drawn: DrawnProblem,
    found: Mapping[str, Sequence[BestOfSettings]],
    styles: Mapping[str, SettingStyle],
) -> None:
    if drawn.heading:
        set_heading(axes, drawn.heading)
    axes.set_xlabel("settings tried, k")
    set_value_label(axes, f"expected best {drawn.metric_name}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    values = [_values(curve, which) for curve in found.values() for which in ("expected", "low", "high")]
    if not any(np.isfinite(one).any() for one in values):
        add_nothing_yet(axes)
        return
    set_value_scale(axes, values, data.options.scale or AxisScale.AUTO)
    for arm, curve in found.items():
        _line(axes, curve, styles[arm])
    axes.set_xlim(left=0.5)
    _, top = axes.get_ylim()
    for arm, curve in found.items():
        _band(axes, curve, styles[arm], top)
    axes.set_ylim(top=top)


def _line(axes: Axes, curve: Sequence[BestOfSettings], style: SettingStyle) -> None:
    sizes, ends = [point.k for point in curve], [_values(curve, which) for which in ("low", "high")]
    axes.plot(sizes, _values(curve, "expected"), **style.marked_line(len(sizes), sparse_points(axes)))
    for end in ends:  # so that the axis has room for the band
        axes.plot(sizes, end, alpha=0)


def _band(axes: Axes, curve: Sequence[BestOfSettings], style: SettingStyle, top: float) -> None:
    """The band, up to the edge of the axes where it has no end."""
    low, high = _values(curve, "low"), _values(curve, "high")
    sizes, known = [point.k for point in curve], np.isfinite(low)
    high = np.where(np.isnan(high), top, high)
    axes.fill_between(sizes, low, high, where=known, color=style.colour, alpha=0.15, linewidth=0, zorder=2)


def _values(curve: Sequence[BestOfSettings], which: str) -> Floats:
    found = [getattr(point, which) for point in curve]
    values = np.array([drawable_number(value) for value in found], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)
