"""An objective of one parameter as a curve, with the optimizers' steps on it, and as AYLA sees it beside that."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.data import Floats, Material, Run, Setting
from ayla_service.figures.geometry import drawable, finite_path
from ayla_service.figures.objective import transformed
from ayla_service.figures.renderers.parts import empty, legend, title
from ayla_service.figures.style import CURVE, Look, looks
from ayla_service.figures.texts import shown
from ayla_service.trials.thinning import with_extremes

_MOST_MARKS, _LEAST_MARKS, _MARKS_OF_ALL = 60, 12, 300
"""Steps that are marked: of one setting, and of all together, as many marks would only hide each other."""

_LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Valley:
    """An objective of one parameter.

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


def paint(figure: Figure, valley: Valley, material: Material) -> None:
    """The objective and, if an optimizer has AYLA on the loss, the loss as the first of those sees it."""
    title(figure, valley.title)
    seen = looks(material.settings)
    exponents = _exponents(material)
    panels = figure.subplots(1, 1 if exponents is None else 2, squeeze=False)[0]
    _panel(panels[0], valley, material, seen, None)
    panels[0].set_ylabel("loss")
    if exponents is not None:
        panels[0].set_title("objective")
        panels[1].set_title(f"transformed, N1={exponents[0]:g}, N2={exponents[1]:g}")
        _panel(panels[1], valley, material, seen, exponents)
    several = "first seed · " if material.seeds_total > 1 else ""
    legend(figure, seen.values(), f"{several}marks are steps, the last one with an edge", marks=True)


def _panel(
    axes: Axes,
    valley: Valley,
    material: Material,
    seen: Mapping[int, Look],
    exponents: tuple[float, float] | None,
) -> None:
    heights = valley.heights if exponents is None else drawable(transformed(valley.heights, *exponents))
    axes.plot(valley.places, heights, color=CURVE, linewidth=1.6, zorder=2)
    axes.set_xlabel(shown(valley.parameter, _LONGEST_NAME))
    axes.set_xlim(valley.places[0], valley.places[-1])
    _fit(axes, heights)
    most = max(_LEAST_MARKS, min(_MOST_MARKS, _MARKS_OF_ALL // len(material.settings)))
    marked = [
        _steps(axes, valley, run, seen[setting.index], exponents, most)
        for setting in material.settings
        for run in setting.runs
        if exponents is None or _sees(setting, exponents)
    ]
    if not any(marked):
        empty(axes)


def _steps(axes: Axes, valley: Valley, run: Run, look: Look, exponents: tuple[float, float] | None, most: int) -> bool:
    """Mark the steps of a trial; whether there are any."""
    places, heights = finite_path(run, [f"param.{valley.parameter}", "loss"])
    if not len(places):
        return False
    if exponents is not None:
        # A method without AYLA does not see this curve; its steps are lifted onto it to compare places.
        heights = drawable(transformed(heights, *exponents))
    # With both ends of each stretch, as every nth step of one that goes back and forth may be on the same side.
    marked = with_extremes(run.steps[: len(places)], [places], most)
    axes.plot(places[marked], heights[marked], **look.mark)
    if look.named:
        last = {"markersize": 9, "markeredgecolor": "black", "alpha": 1, "zorder": 5}
        axes.plot(places[-1:], heights[-1:], **look.mark | last)
    return True


def _exponents(material: Material) -> tuple[float, float] | None:
    """N1 and N2 of the first setting with AYLA on the loss."""
    for setting in material.settings:
        ayla = setting.optimizer.get("ayla")
        if ayla is not None:
            return ayla["n1"], ayla["n2"]
    return None


def _sees(setting: Setting, exponents: tuple[float, float]) -> bool:
    ayla = setting.optimizer.get("ayla")
    return ayla is None or (ayla["n1"], ayla["n2"]) == exponents


def _fit(axes: Axes, heights: Floats) -> None:
    finite = heights[np.isfinite(heights)]
    if len(finite):
        low, high = float(finite.min()), float(finite.max())
        room = 0.08 * (high - low) or max(1.0, abs(high)) / 2
        axes.set_ylim(low - room, high + room)
