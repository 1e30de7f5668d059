"""Values by step or epoch: a line for each setting, and a band over its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.asking import AxisScale
from ayla_service.figures.bands import Band, band_of
from ayla_service.figures.material import Material
from ayla_service.figures.painters.parts import empty, legend, title, value_scale
from ayla_service.figures.style import Look, looks
from ayla_service.figures.words import shown

_MOST_ENDS = 50
"""Marks of diverged trials of one setting."""

_LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        column: what is drawn.
        name: of the vertical axis.
        worst: what a diverged trial counts as after its end.
        heading: above the panel, if there are several.
    """

    column: str
    name: str
    worst: float = np.nan
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines on one or more panels.

    Attributes:
        title: of the figure.
        panels: from left to right, row by row.
        across: name of the horizontal axis.
        per_unit: steps of one unit there.
        scale: of the vertical axes.
        columns: panels side by side.
        same_values: whether all panels have the same vertical axis.
    """

    title: str
    panels: Sequence[Panel]
    across: str
    per_unit: float = 1.0
    scale: AxisScale = AxisScale.LINEAR
    columns: int = 1
    same_values: bool = False


def paint(figure: Figure, lines: Lines, material: Material) -> None:
    """Put the panels on a figure."""
    title(figure, lines.title)
    rows = -(-len(lines.panels) // lines.columns)
    grid = figure.subplots(
        rows, lines.columns, squeeze=False, sharex=True, sharey=lines.same_values, gridspec_kw={"hspace": 0.05}
    ).ravel()
    seen = looks(material.settings)
    diverged = False
    for axes, panel in zip(grid, lines.panels, strict=False):
        bands = {setting.index: band_of(setting.runs, panel.column, panel.worst) for setting in material.settings}
        diverged |= any(band.ends for band in bands.values())
        _panel(axes, lines, panel, bands, seen)
    for axes in grid[len(lines.panels) :]:
        axes.set_axis_off()
    for axes in grid[-lines.columns :]:
        axes.set_xlabel(lines.across)
    legend(figure, seen.values(), _note(material, diverged=diverged))


def _panel(axes: Axes, lines: Lines, panel: Panel, bands: Mapping[int, Band], seen: Mapping[int, Look]) -> None:
    axes.set_ylabel(shown(panel.name, _LONGEST_NAME))
    axes.set_title(shown(panel.heading, _LONGEST_NAME))
    if not any(np.isfinite(band.median).any() or band.ends for band in bands.values()):
        empty(axes)
        return
    for index, band in bands.items():
        _band(axes, band, seen[index], lines.per_unit)
    drawn = [part for index, band in bands.items() for part in _drawn(band, seen[index])]
    value_scale(axes, drawn, lines.scale)
    if len(lines.panels) > 1:
        axes.label_outer(remove_inner_ticks=False)


def _band(axes: Axes, band: Band, look: Look, per_unit: float) -> None:
    across = band.steps / per_unit
    axes.plot(across, band.median, **look.line, marker="." if np.isfinite(band.median).sum() == 1 else "")
    if look.named and band.seeds > 1:
        axes.fill_between(across, band.low, band.high, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    for step, value in band.ends[:_MOST_ENDS] if look.named else ():
        axes.plot([step / per_unit], [value], linestyle="", marker="X", markersize=7, color=look.colour, zorder=4)


def _drawn(band: Band, look: Look) -> list[np.ndarray]:
    ends = np.array([value for _, value in band.ends], dtype=np.float64)
    return [band.median, ends, band.low] if look.named else [band.median]


def _note(material: Material, *, diverged: bool) -> str:
    several = f"median and quartiles over {material.seeds_told}" if material.seeds_total > 1 else ""
    return " · ".join(part for part in (several, "✖ diverged" if diverged else "") if part)
