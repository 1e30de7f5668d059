"""Landscapes of an objective, with the optimizers on it.

Of two parameters filled contours with paths over them; of one a curve with marked steps, and the same transformed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import FuncFormatter

from ayla_service.figures.data import FigureData, Floats, RecordedTrial, SettingData, drawable
from ayla_service.figures.geometry import finite_path
from ayla_service.figures.legends import add_legend, add_nothing_yet, add_title, set_heading
from ayla_service.figures.looks import SettingStyle, styles_of
from ayla_service.figures.objective import transformed_loss
from ayla_service.figures.style import CURVE, line_width, mark_size
from ayla_service.figures.texts import number_format, shortened
from ayla_service.trials.thinning import with_extremes

_LEVELS = 18
_STEEP = 8
"""How many times the middle height the highest may be before levels are spaced by ratios."""

_MOST_MARKS, _LEAST_MARKS, _MARKS_OF_ALL = 60, 12, 300
"""Steps that are marked: of one setting, and of all together, as many marks would only hide each other."""

_LONGEST_NAME = 24

# Low is light, as the paths end there; grey, as all colours are taken by the optimizers.
_HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#C9D1D9", "#8794A1", "#4A5560"])


@dataclass(frozen=True, slots=True)
class ObjectivePlane:
    """Objective of two parameters on a grid.

    Attributes:
        title: of the figure.
        parameters: their names.
        across: values of the first, growing.
        up: values of the second, growing.
        heights: the objective, shape [up, across]; NaN where it has no value.
    """

    title: str
    parameters: tuple[str, str]
    across: Floats
    up: Floats
    heights: Floats


def render_plane(figure: Figure, plane: ObjectivePlane, data: FigureData) -> None:
    """Draw the contours, and the paths of the first seed of each setting."""
    add_title(figure, plane.title)
    axes = figure.subplots()
    axes.grid(visible=False)
    _contours(figure, axes, plane)
    styles = styles_of(data.settings)
    drawn = [
        _path(axes, plane, trial, styles[setting.index])
        for setting in reversed(data.settings)
        for trial in setting.trials
    ]
    first, second = plane.parameters
    axes.set(xlabel=shortened(first, _LONGEST_NAME), ylabel=shortened(second, _LONGEST_NAME))
    axes.set(xlim=(plane.across[0], plane.across[-1]), ylim=(plane.up[0], plane.up[-1]))
    if not any(drawn):
        add_nothing_yet(axes)
    several = "first seed" if data.seeds_total > 1 else ""
    add_legend(figure, styles, [several, "○ start, ● last step"])


def levels_of(heights: Floats) -> Floats:
    """Heights of contours, growing: even, or at even ratios above the lowest where they rise steeply."""
    found = heights[np.isfinite(heights)]
    if not len(found) or found.min() == found.max():
        return np.array([], dtype=np.float64)
    low, high = float(found.min()), float(found.max())
    above = found - low
    middle = float(np.median(above))
    if middle > 0 and high - low > _STEEP * middle:
        least = max(float(np.quantile(above, 0.02)), (high - low) * 1e-12)
        levels = low + np.concatenate([[0.0], np.geomspace(least, high - low, _LEVELS)])
    else:
        levels = np.linspace(low, high, _LEVELS + 1)
    levels = np.unique(levels)
    return levels if len(levels) > 2 else np.array([], dtype=np.float64)


def _contours(figure: Figure, axes: Axes, plane: ObjectivePlane) -> None:
    axes.set_facecolor("#F4E9E9")  # shows through where the objective has no value
    levels = levels_of(plane.heights)
    if not len(levels):
        return
    heights: Any = np.ma.masked_invalid(plane.heights)
    norm = BoundaryNorm(levels, _HEIGHTS.N)
    filled = axes.contourf(plane.across, plane.up, heights, levels=levels, cmap=_HEIGHTS, norm=norm, zorder=1)
    formatted = number_format(levels)
    labels = FuncFormatter(lambda level, _: formatted(level, 2))
    bar = figure.colorbar(filled, ax=axes, spacing="uniform", pad=0.02, ticks=levels[::3], label="loss", format=labels)
    bar.ax.minorticks_off()


def _path(axes: Axes, plane: ObjectivePlane, trial: RecordedTrial, style: SettingStyle) -> bool:
    """Draw the path of a trial; returns whether it has any."""
    across, up = finite_path(trial, [f"param.{name}" for name in plane.parameters])
    if not len(across):
        return False
    keywords = style.line
    if style.named:
        keywords["path_effects"] = [Stroke(linewidth=line_width(2), foreground="white"), Normal()]
    axes.plot(*(trial.path or (across, up)), **keywords)
    if style.named:
        axes.plot(
            across[-1:], up[-1:], "o", color=style.colour, markeredgecolor="white", markersize=mark_size(1.3), zorder=5
        )
    axes.plot(
        across[:1], up[:1], "o", markerfacecolor="white", markeredgecolor=CURVE, markersize=mark_size(1.15), zorder=4
    )
    return True


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    """Objective of one parameter on an interval.

    Attributes:
        title: of the figure.
        parameter: its name.
        places: growing.
        heights: the objective there; NaN where it has no value.
    """

    title: str
    parameter: str
    places: Floats
    heights: Floats


def render_line(figure: Figure, line: ObjectiveLine, data: FigureData) -> None:
    """Draw the objective and, if an optimizer has AYLA on the loss, the transformed loss of the first of those."""
    add_title(figure, line.title)
    styles = styles_of(data.settings)
    exponents = _exponents(data)
    panels = figure.subplots(1, 1 if exponents is None else 2, squeeze=False)[0]
    _panel(panels[0], line, data, styles, None)
    panels[0].set_ylabel("loss")
    if exponents is not None:
        set_heading(panels[0], "objective")
        set_heading(panels[1], f"transformed, N1={exponents[0]:g}, N2={exponents[1]:g}")
        _panel(panels[1], line, data, styles, exponents)
    several = "first seed" if data.seeds_total > 1 else ""
    add_legend(figure, styles, [several, "marks are steps, the last one is larger"], drawn="marks")


def _panel(
    axes: Axes,
    line: ObjectiveLine,
    data: FigureData,
    styles: Mapping[int, SettingStyle],
    exponents: tuple[float, float] | None,
) -> None:
    heights = line.heights if exponents is None else drawable(transformed_loss(line.heights, *exponents))
    axes.plot(line.places, heights, color=CURVE, linewidth=line_width(0.9), zorder=2)
    axes.set_xlabel(shortened(line.parameter, _LONGEST_NAME))
    axes.set_xlim(line.places[0], line.places[-1])
    _fit_heights(axes, heights)
    most = max(_LEAST_MARKS, min(_MOST_MARKS, _MARKS_OF_ALL // len(data.settings)))
    marked = [
        _steps(axes, line, trial, styles[setting.index], exponents, most)
        for setting in data.settings
        for trial in setting.trials
        if exponents is None or _has_curve(setting, exponents)
    ]
    if not any(marked):
        add_nothing_yet(axes)


def _steps(
    axes: Axes,
    line: ObjectiveLine,
    trial: RecordedTrial,
    style: SettingStyle,
    exponents: tuple[float, float] | None,
    most: int,
) -> bool:
    """Mark the steps of a trial; returns whether there are any."""
    places, heights = finite_path(trial, [f"param.{line.parameter}", "loss"])
    if not len(places):
        return False
    if exponents is not None:
        # A method without AYLA does not see this curve; its steps are lifted onto it to compare places.
        heights = drawable(transformed_loss(heights, *exponents))
    # With the extremes of each stretch: every nth step of one that goes back and forth may be on the same side.
    marked = with_extremes(trial.steps[: len(places)], [places], most)
    axes.plot(places[marked], heights[marked], **style.mark)
    if style.named:
        last = {"markersize": mark_size(1.5), "markeredgecolor": "black", "alpha": 1, "zorder": 5}
        axes.plot(places[-1:], heights[-1:], **style.mark | last)
    return True


def _exponents(data: FigureData) -> tuple[float, float] | None:
    """N1 and N2 of the first setting with AYLA on the loss."""
    for setting in data.settings:
        ayla = setting.optimizer.get("ayla")
        if ayla is not None:
            return ayla["n1"], ayla["n2"]
    return None


def _has_curve(setting: SettingData, exponents: tuple[float, float]) -> bool:
    """Whether a setting is drawn on the curve of these exponents: it has them, or no AYLA."""
    ayla = setting.optimizer.get("ayla")
    return ayla is None or (ayla["n1"], ayla["n2"]) == exponents


def _fit_heights(axes: Axes, heights: Floats) -> None:
    finite = heights[np.isfinite(heights)]
    if len(finite):
        low, high = float(finite.min()), float(finite.max())
        margin = 0.08 * (high - low) or max(1.0, abs(high)) / 2
        axes.set_ylim(low - margin, high + margin)
