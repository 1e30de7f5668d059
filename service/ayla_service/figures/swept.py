"""Figures of sweeps: the heat map over two axes, and the sensitivity to one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from ayla_service.comparison.metrics import in_words
from ayla_service.comparison.sensitivity_schemas import SensitivityPoint, SensitivitySeries
from ayla_service.figures.cells import CellGrid, HeatMap
from ayla_service.figures.data import drawable
from ayla_service.figures.options import AxisScale, FigureOptions, Form, Style
from ayla_service.figures.renderers import heatmap, sensitivity
from ayla_service.figures.renderers.sensitivity import AlongAxis
from ayla_service.figures.texts import plain_number
from ayla_service.sweeps.answers import shown_values
from ayla_service.sweeps.axes import Places
from ayla_service.sweeps.heatmap import ArmCells
from ayla_service.sweeps.notes import other_axes
from ayla_service.sweeps.sensitivity import ArmAlong
from ayla_service.sweeps.service import HeatMapResult, SensitivityResult, SweptTable

_MOST_TOGETHER = 8
"""Arms in one panel; of more, each optimizer has a panel with its arms."""

_WITH_AYLA = {False: "plain", True: "with AYLA"}

_LARGE = 300
"""Columns or rows from which on a picture is so large that each has a pixel."""

_LARGE_INCHES, _LARGE_DPI = (10.0, 8.5), 190


def options_for(result: HeatMapResult, options: FigureOptions, form: Form) -> FigureOptions:
    """The options, where none are given with a size in which every cell of a large heat map has a pixel."""
    asked = options.width or options.height or options.dpi
    if max(result.grid.shape, default=0) < _LARGE or asked or options.style is Style.PAPER:
        return options
    width, height = _LARGE_INCHES
    return replace(options, width=width, height=height, dpi=_LARGE_DPI if form is Form.PNG else None)


def renderer_of_heatmap(result: HeatMapResult, options: FigureOptions) -> Callable[[Figure], None]:
    """The renderer of a heat map: a panel for each arm, over the same places."""
    grid = result.grid
    drawn = HeatMap(
        axis_x=grid.across.axis.path,
        axis_y=grid.up.axis.path,
        xs=list(grid.across.centres),
        ys=list(grid.up.centres),
        panels=[_panel(result, panel) for panel in result.panels],
        name=_value_name(result.swept),
        across=grid.across,
        up=grid.up,
    )
    title, scale = _title(result.swept, options), options.scale or AxisScale.AUTO
    return partial(heatmap.render, title=title, heat_map=drawn, scale=scale, notes=_notes_on_cells(result))


def renderer_of_sensitivity(result: SensitivityResult, options: FigureOptions) -> Callable[[Figure], None]:
    """The renderer of a sensitivity: the arms together, or a panel for each optimizer where they are many."""
    found = [_series(result, one) for one in result.arms]
    panels = _panels(result, found) if len(found) > _MOST_TOGETHER else [_together(result, "", found)]
    several = any(point.settings > 1 for series in found for point in series.points)
    notes = [
        _seeds_note(result.swept),
        "best setting at each value" if several else "",
        _bins_note(result.found.places),
    ]
    title = _title(result.swept, options)
    return partial(sensitivity.render_panels, title=title, drawn=panels, options=options, notes=notes)


def _panels(result: SensitivityResult, found: Sequence[SensitivitySeries]) -> list[AlongAxis]:
    """A panel for each optimizer. Where each has one arm without AYLA and one with it, these have one name in all."""
    kinds = result.swept.sweep.optimizers
    heads = list(dict.fromkeys(kinds[series.name][0] for series in found))
    is_paired = len({kinds[series.name] for series in found}) == len(found)
    names = {name: _WITH_AYLA[has_ayla] if is_paired else name for name, (_, has_ayla) in kinds.items()}
    return [
        _together(
            result,
            head,
            [one.model_copy(update={"name": names[one.name]}) for one in found if kinds[one.name][0] == head],
        )
        for head in heads
    ]


def _together(result: SensitivityResult, heading: str, series: Sequence[SensitivitySeries]) -> AlongAxis:
    return AlongAxis(heading, result.found.places.axis.path, _value_name(result.swept), series)


def _panel(result: HeatMapResult, panel: ArmCells) -> CellGrid:
    more_is_better = result.swept.more_is_better
    heading = result.swept.table.arms[panel.arm] if len(result.swept.table.arms) > 1 else ""
    # What diverged is infinite whichever direction is better: it has a mark and no colour.
    values = np.where(np.isinf(panel.cells), np.inf, drawable(shown_values(result.swept, panel.cells)))
    counts = (panel.settings + panel.left_out).astype(np.float64)
    return CellGrid(heading, values, counts, more_is_better)


def _series(result: SensitivityResult, one: ArmAlong) -> SensitivitySeries:
    best, median = (shown_values(result.swept, values) for values in (one.best, one.median))
    points = [
        SensitivityPoint(
            at=float(at),
            settings=int(one.settings[place]),
            finite=int(one.finite[place]),
            best=float(best[place]),
            median=float(median[place]),
            best_place=int(one.best_place[place]),
        )
        for place, at in enumerate(result.found.places.centres)
        if one.settings[place]
    ]
    return SensitivitySeries(name=result.swept.table.arms[one.arm], points=points)


def _notes_on_cells(result: HeatMapResult) -> list[str]:
    grid = result.grid
    most = max((int(panel.settings.max(initial=0)) for panel in result.panels), default=0)
    rest = other_axes(result.swept.table, grid)
    over = f" over {', '.join(rest)}" if rest else ""
    bests = [_best_note(result, panel) for panel in result.panels] if len(result.panels) == 1 else []
    return [
        _seeds_note(result.swept),
        f"{result.reduce} of up to {most:,} settings in each cell{over}" if most > 1 else "",
        _bins_note(grid.across),
        _bins_note(grid.up),
        *bests,
    ]


def _best_note(result: HeatMapResult, panel: ArmCells) -> str:
    if panel.best is None:
        return ""
    row, column = panel.best
    value = float(shown_values(result.swept, panel.cells)[row, column])
    at = ", ".join(
        f"{places.axis.path} {plain_number(float(places.centres[place]))}"
        for places, place in ((result.grid.across, column), (result.grid.up, row))
    )
    tied = f" and {panel.tied:,} more cells" if panel.tied else ""
    return f"best {plain_number(value, 4)} at {at}{tied}"


def _seeds_note(swept: SweptTable) -> str:
    return f"{swept.query.over_seeds} over {swept.table.seeds} seeds" if swept.table.seeds > 1 else ""


def _bins_note(places: Places) -> str:
    if places.edges is None:
        return ""
    return f"{places.axis.path} in {len(places.centres)} bins of its {places.axis.scale} scale"


def _value_name(swept: SweptTable) -> str:
    return in_words(swept.sweep.problem.metric)


def _title(swept: SweptTable, options: FigureOptions) -> str:
    """The title asked for, else on a screen the names of the jobs, or their problem."""
    if options.title or options.style is Style.PAPER:
        return options.title or ""
    return ", ".join(_names(swept)) or swept.sweep.problem.title


def _names(swept: SweptTable) -> Sequence[str]:
    return list(dict.fromkeys(job.name for job in swept.sweep.jobs if job.name))
