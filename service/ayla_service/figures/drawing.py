"""Drawing of a figure: chooses its renderer, sets matplotlib up and saves the file.

Nothing else sets matplotlib up; one figure is drawn at a time, as matplotlib is not made for threads.
"""

import io
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import matplotlib.style
import numpy as np
from ayla_spec.problems import ExpressionProblem
from matplotlib.figure import Figure

from ayla_service.comparison.service import ComparisonResult
from ayla_service.figures.availability import FigureJob, heatmap_axes
from ayla_service.figures.cells import heat_map_of
from ayla_service.figures.compared import compared
from ayla_service.figures.data import FigureData
from ayla_service.figures.geometry import axis_limits
from ayla_service.figures.line_plots import line_plot
from ayla_service.figures.objective import on_line, on_plane
from ayla_service.figures.options import DEFAULT_DPI, Across, AxisScale, FigureOptions, Form, Kind, Style
from ayla_service.figures.renderers import (
    curve,
    forest,
    heatmap,
    landscape,
    lines,
    profiles,
    sensitivity,
    slopes,
    strip,
    tuning,
)
from ayla_service.figures.style import rc_parameters
from ayla_service.trials.series import METRICS

Render = Callable[[Figure], None]
"""Draws on an empty figure."""

_lock = threading.Lock()

# Without dates the same figure is the same bytes.
_CANVASES: dict[Form, tuple[str, str, dict[str, Any]]] = {
    Form.SVG: ("backend_svg", "FigureCanvasSVG", {"Date": None}),
    Form.PNG: ("backend_agg", "FigureCanvasAgg", {}),
    Form.PDF: ("backend_pdf", "FigureCanvasPdf", {"CreationDate": None}),
}


@contextmanager
def styled(options: FigureOptions) -> Iterator[None]:
    """Everything that makes or saves a figure happens within; others wait.

    The defaults are set too: what the machine's matplotlibrc says, such as having texts set by LaTeX, does not count.
    What cannot be drawn well, such as a character that the font lacks, is drawn as it can, without a warning.
    """
    style: list[str | dict[str, Any]] = ["default", rc_parameters(options.style, options.inches[0])]
    with _lock, warnings.catch_warnings(), matplotlib.style.context(style), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def new_figure(options: FigureOptions) -> Figure:
    """An empty figure of the wanted size."""
    return Figure(figsize=options.inches, layout="constrained")


def to_file(render: Render, options: FigureOptions, form: Form) -> bytes:
    """A figure as a file; the same figure is always the same bytes."""
    backend, name, metadata = _CANVASES[form]
    # That of PDF alone takes longer to import than a small figure to draw.
    canvas = getattr(import_module(f"matplotlib.backends.{backend}"), name)
    with styled(options):
        figure = new_figure(options)
        canvas(figure)
        render(figure)
        file = io.BytesIO()
        figure.savefig(file, format=form, dpi=options.dpi or DEFAULT_DPI, metadata=metadata)
    return file.getvalue()


def title_of_comparison(result: ComparisonResult, options: FigureOptions) -> str:
    """Title of a figure of a comparison: the one asked for, else on a screen the names of the jobs, as far as known."""
    if options.title or options.style is Style.PAPER:
        return options.title or ""
    return _names([job.name for job in result.jobs])


def _names(names: Sequence[str | None]) -> str:
    known = dict.fromkeys(name for name in names if name)
    return ", ".join(known) or f"{len(names)} job{'s' * (len(names) > 1)}"


def title_of(job: FigureJob, options: FigureOptions) -> str:
    """Title of a figure: the one asked for, else on a screen the job's name, or its preset's; a paper has captions."""
    if options.style is Style.PAPER:
        return options.title or ""
    return options.title or job.name or job.spec.preset or f"Job {job.id[:8]}"


_OF_COMPARISONS: Mapping[Kind, Callable[..., None]] = {
    Kind.FOREST: forest.render,
    Kind.SLOPES: slopes.render,
    Kind.STRIP: strip.render,
    Kind.PERFORMANCE: profiles.render_performance,
    Kind.DATA: profiles.render_data,
    Kind.ECDF: profiles.render_ecdf,
    Kind.SENSITIVITY: sensitivity.render,
    Kind.TUNING: tuning.render,
}


def renderer_of_comparison(kind: Kind, result: ComparisonResult, options: FigureOptions) -> Render:
    """The renderer of a figure of a comparison.

    Raises:
        InvalidQuery: if an option does not fit the comparison.
    """
    return partial(_OF_COMPARISONS[kind], data=compared(result, title_of_comparison(result, options), options))


def renderer_of_several(jobs: Sequence[FigureJob], kind: Kind, options: FigureOptions, data: FigureData) -> Render:
    """The renderer of the recorded lines of several jobs."""
    title = options.title or ("" if options.style is Style.PAPER else _names([job.name for job in jobs]))
    return _lines(jobs[0], kind, title, options, data)


def renderer_of(job: FigureJob, kind: Kind, options: FigureOptions, data: FigureData) -> Render:
    """The renderer of a figure, with all it draws.

    Args:
        job: that has figures of this kind.
        kind: of figure.
        options: of the figure.
        data: with all that the kind needs.
    """
    title = title_of(job, options)
    match kind:
        case Kind.LANDSCAPE:
            return _landscape(job, title, data)
        case Kind.CURVE:
            return partial(curve.render, title=title, data=data)
        case Kind.HEATMAP:
            return _heatmap(job, title, options, data)
        case Kind.LOSS | Kind.ACCURACY | Kind.EPOCHS | Kind.EFFECTIVE_LR | Kind.PARAMETERS:
            return _lines(job, kind, title, options, data)
        case _:  # pragma: no cover  # figures of comparisons are drawn by ``renderer_of_comparison``
            raise ValueError(kind)


def _heatmap(job: FigureJob, title: str, options: FigureOptions, data: FigureData) -> Render:
    if data.values is None:  # pragma: no cover  # read with the data
        raise TypeError("a heat map has values")
    heat_map = heat_map_of(data.settings, *heatmap_axes(job, options), data.values)
    scale = options.scale or AxisScale.AUTO
    several = any((panel.settings > 1).any() for panel in heat_map.panels)
    notes = [
        f"median over {data.seeds_text}" if data.seeds_total > 1 else "",
        "of several settings in a cell the best" if several else "",
    ]
    return partial(heatmap.render, title=title, heat_map=heat_map, scale=scale, notes=notes)


def _lines(job: FigureJob, kind: Kind, title: str, options: FigureOptions, data: FigureData) -> Render:
    series = options.series(kind)
    by_epoch = series is METRICS and job.across(series, options.across) is Across.EPOCH
    plot = line_plot(job, kind, title, options, data)
    return partial(lines.render, lines=plot, data=data.by_epoch() if by_epoch else data)


def _landscape(job: FigureJob, title: str, data: FigureData) -> Render:
    problem = job.spec.problem
    if not isinstance(problem, ExpressionProblem):  # pragma: no cover  # job.require has refused it
        raise TypeError("only an expression has a landscape")
    limits = axis_limits(problem, data)
    if len(limits) == 1:
        line = landscape.ObjectiveLine(title, job.parameters[0], *on_line(problem, limits[0]))
        return partial(landscape.render_line, line=line, data=data)
    first, second = job.parameters
    plane = landscape.ObjectivePlane(title, (first, second), *on_plane(problem, *limits))
    return partial(landscape.render_plane, plane=plane, data=data)
