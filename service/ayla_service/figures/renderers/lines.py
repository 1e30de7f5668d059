"""Values by step or epoch: a line for each setting, and a band over its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.aggregates import Band, band_of
from ayla_service.figures.data import Material
from ayla_service.figures.geometry import drawable, heights
from ayla_service.figures.options import AxisScale
from ayla_service.figures.renderers.parts import empty, legend, title, value_scale
from ayla_service.figures.style import Look, looks
from ayla_service.figures.texts import shown

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
    grid = figure.subplots(rows, lines.columns, squeeze=False, sharex=True, sharey=lines.same_values).ravel()
    seen = looks(material.settings)
    diverged = False
    for place, (axes, panel) in enumerate(zip(grid, lines.panels, strict=False)):
        if panel.heading:
            axes.set_title(shown(panel.heading, _LONGEST_NAME))
        if not lines.same_values or place % lines.columns == 0:
            axes.set_ylabel(shown(panel.name, _LONGEST_NAME))
        bands = {
            setting.index: _drawable(band_of(setting.runs, panel.column, panel.worst)) for setting in material.settings
        }
        diverged |= any(band.ends for band in bands.values())
        _panel(axes, lines, bands, seen)
    for axes in grid[len(lines.panels) :]:
        axes.set_axis_off()
    for axes in grid[: len(lines.panels)][-lines.columns :]:  # the lowest of each column
        axes.set_xlabel(lines.across)
        axes.tick_params(labelbottom=True)
    legend(figure, seen.values(), _note(material, diverged=diverged))


def _panel(axes: Axes, lines: Lines, bands: Mapping[int, Band], seen: Mapping[int, Look]) -> None:
    if not any(np.isfinite(band.median).any() or band.ends for band in bands.values()):
        empty(axes)
        return
    limits = _limits(axes, list(bands.values()), lines.scale)
    for index, band in bands.items():
        _band(axes, band, seen[index], lines.per_unit, limits)
    if limits is not None:
        axes.set_ylim(limits)


def _drawable(band: Band) -> Band:
    ends = [(step, float(drawable(np.array(value)))) for step, value in band.ends]
    low, median, high = map(drawable, (band.low, band.median, band.high))
    return replace(band, low=low, median=median, high=high, ends=ends)


def _limits(axes: Axes, bands: Sequence[Band], scale: AxisScale) -> tuple[float, float] | None:
    """Choose the scale; and what of it is shown, if not all that is drawn.

    A few steps of a trial on its way to infinity would make a flat line of all others.
    """
    settled = [part for band in bands if not band.ends for part in (band.median, band.low, band.high)]
    ends = np.array([value for band in bands for _, value in band.ends], dtype=np.float64)
    everything = [part for band in bands for part in (band.median, band.low, band.high)] + [ends]
    by_ratio = value_scale(axes, everything, scale)
    return heights(settled, everything, by_ratio=by_ratio)


def _band(axes: Axes, band: Band, look: Look, per_unit: float, limits: tuple[float, float] | None) -> None:
    across = band.steps / per_unit
    axes.plot(across, band.median, **look.line, marker="." if np.isfinite(band.median).sum() == 1 else "")
    if look.named and band.seeds > 1:
        axes.fill_between(across, band.low, band.high, color=look.colour, alpha=0.18, linewidth=0, zorder=2)
    if band.ends:
        _ends(axes, band.ends[:_MOST_ENDS], look, per_unit, limits)


def _ends(
    axes: Axes, ends: Sequence[tuple[int, float]], look: Look, per_unit: float, limits: tuple[float, float] | None
) -> None:
    """Mark where trials diverged; at the edge, if that is beyond it."""
    steps, values = np.array(ends, dtype=np.float64).T
    within = values if limits is None else values.clip(*limits)
    mark: dict[str, Any] = {"linestyle": "", "marker": "X", "markersize": 7 if look.named else 4, "color": look.colour}
    axes.plot(steps / per_unit, within, **mark, zorder=4 if look.named else 3.5, clip_on=False)


def _note(material: Material, *, diverged: bool) -> str:
    several = f"median and quartiles over {material.seeds_told}" if material.seeds_total > 1 else ""
    return " · ".join(part for part in (several, "✖ diverged" if diverged else "") if part)
