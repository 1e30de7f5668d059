"""An objective of two parameters as filled contours, with the optimizers' paths over it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import FuncFormatter

from ayla_service.figures.data import Floats, Material, Run
from ayla_service.figures.geometry import finite_path
from ayla_service.figures.renderers.parts import empty, legend, title, written_alike
from ayla_service.figures.style import CURVE, Look, looks
from ayla_service.figures.texts import shown

_LEVELS = 18
_STEEP = 8
"""How many times the middle height the highest may be before levels are spaced by ratios."""

_LONGEST_NAME = 24

# Low is light, as the paths end there; grey, as all colours are taken by the optimizers.
_HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#C9D1D9", "#8794A1", "#4A5560"])


@dataclass(frozen=True, slots=True)
class Plane:
    """An objective of two parameters.

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


def paint(figure: Figure, plane: Plane, material: Material) -> None:
    """Contours, and the paths of the first seed of each setting."""
    title(figure, plane.title)
    axes = figure.subplots()
    axes.grid(visible=False)
    _contours(figure, axes, plane)
    seen = looks(material.settings)
    drawn = [
        _path(axes, plane, run, seen[setting.index]) for setting in reversed(material.settings) for run in setting.runs
    ]
    first, second = plane.parameters
    axes.set(xlabel=shown(first, _LONGEST_NAME), ylabel=shown(second, _LONGEST_NAME))
    axes.set(xlim=(plane.across[0], plane.across[-1]), ylim=(plane.up[0], plane.up[-1]))
    if not any(drawn):
        empty(axes)
    several = "first seed · " if material.seeds_total > 1 else ""
    legend(figure, seen.values(), f"{several}○ start, ● last step")


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


def _contours(figure: Figure, axes: Axes, plane: Plane) -> None:
    axes.set_facecolor("#F4E9E9")  # shows through where the objective has no value
    levels = levels_of(plane.heights)
    if not len(levels):
        return
    heights: Any = np.ma.masked_invalid(plane.heights)
    norm = BoundaryNorm(levels, _HEIGHTS.N)
    filled = axes.contourf(plane.across, plane.up, heights, levels=levels, cmap=_HEIGHTS, norm=norm, zorder=1)
    written = written_alike(levels)
    labels = FuncFormatter(lambda level, _: written(level))
    bar = figure.colorbar(filled, ax=axes, spacing="uniform", pad=0.02, ticks=levels[::3], label="loss", format=labels)
    bar.ax.minorticks_off()


def _path(axes: Axes, plane: Plane, run: Run, look: Look) -> bool:
    """The way of a trial; whether it has any."""
    across, up = finite_path(run, [f"param.{name}" for name in plane.parameters])
    if not len(across):
        return False
    style = look.line
    if look.named:
        style["path_effects"] = [Stroke(linewidth=3.6, foreground="white"), Normal()]
    axes.plot(*(run.path or (across, up)), **style)
    if look.named:
        axes.plot(across[-1:], up[-1:], "o", color=look.colour, markeredgecolor="white", markersize=8, zorder=5)
    axes.plot(across[:1], up[:1], "o", markerfacecolor="white", markeredgecolor=CURVE, markersize=7, zorder=4)
    return True
