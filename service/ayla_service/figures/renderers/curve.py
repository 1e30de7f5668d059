"""What models make of one input: data, true curve and every setting's fitted curve, one panel per recorded step."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.data import Material
from ayla_service.figures.predictions import Fits
from ayla_service.figures.renderers.parts import empty, legend, title
from ayla_service.figures.style import CURVE, DATA, Look, looks

_DATA: dict[str, Any] = {"linestyle": "", "marker": ".", "color": DATA}
_TRUTH: dict[str, Any] = {"color": CURVE, "linewidth": 1.6, "linestyle": "--"}


def paint(figure: Figure, name: str, fits: Fits, material: Material) -> None:
    """Put the panels side by side, or two by two."""
    title(figure, name)
    seen = looks(material.settings)
    across = len(fits.steps) if len(fits.steps) < 4 else 2
    grid = figure.subplots(-(-len(fits.steps) // across), across, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, step in zip(grid, fits.steps, strict=True):
        _panel(axes, fits, step, seen)
    for axes in grid[-across:]:
        axes.set_xlabel("x")
    for axes in grid[::across]:
        axes.set_ylabel("y")
    several = "first seed" if material.seeds_total > 1 else ""
    legend(figure, seen.values(), several, extra=_extra(fits))


def _panel(axes: Axes, fits: Fits, step: int, seen: Mapping[int, Look]) -> None:
    axes.set_title(f"step {step}")
    found = {index: columns for (at, index), columns in fits.columns.items() if at == step}
    if not found:
        empty(axes)
        return
    data = found[min(found)]
    if "target" in data:
        axes.plot(data["x"], data["target"], **_DATA, zorder=1.8)
    if "truth" in data:
        axes.plot(data["x"], data["truth"], **_TRUTH, zorder=2.5)
    for index, columns in found.items():
        axes.plot(columns["x"], columns["prediction"], **seen[index].line)


def _extra(fits: Fits) -> dict[str, dict[str, Any]]:
    known = set().union(*(columns.keys() for columns in fits.columns.values()))
    looks_of: dict[str, tuple[str, dict[str, Any]]] = {
        "target": ("data", _DATA),
        "truth": ("true curve", _TRUTH),
    }
    return dict(look for column, look in looks_of.items() if column in known)
