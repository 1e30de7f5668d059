"""Which painter draws which kind, from what."""

from collections.abc import Callable
from functools import partial

import numpy as np
from ayla_spec.problems import ExpressionProblem
from matplotlib.figure import Figure

from ayla_service.figures import domain
from ayla_service.figures.availability import JobFacts
from ayla_service.figures.data import Material
from ayla_service.figures.geometry import windows
from ayla_service.figures.options import Across, AxisScale, CellValue, FigureOptions, Kind
from ayla_service.figures.predictions import Fits
from ayla_service.figures.renderers import curve, heatmap, landscape, lines, valley
from ayla_service.figures.renderers.lines import Lines, Panel
from ayla_service.figures.sweeps import axes_of, sweep_of

_SIDE_BY_SIDE, _PANEL_INCHES = 3, 2

Paint = Callable[[Figure], None]


def painter(facts: JobFacts, kind: Kind, options: FigureOptions, material: Material, found: Fits | None) -> Paint:
    """What fills a figure.

    Args:
        facts: of a job that has figures of this kind.
        kind: what is drawn.
        options: how.
        material: the trials, with what the kind needs of them.
        found: predictions, for a fitted curve.
    """
    name = title_of(facts, options)
    match kind:
        case Kind.LANDSCAPE:
            return _landscape(facts, name, material)
        case Kind.CURVE:
            return partial(curve.paint, name=name, fits=found or Fits([], {}), material=material)
        case Kind.HEATMAP:
            value = options.value or CellValue.FINAL_LOSS
            sweep = sweep_of(material.settings, *axes_of(facts, options), value)
            scale = options.scale or AxisScale.AUTO
            return partial(heatmap.paint, name=name, sweep=sweep, value=value, scale=scale, material=material)
        case _:
            across = facts.across(kind, options.across)
            told = material.by_epoch() if (kind, across) == (Kind.ACCURACY, Across.EPOCH) else material
            return partial(lines.paint, lines=_lines(facts, kind, options, name), material=told)


def title_of(facts: JobFacts, options: FigureOptions) -> str:
    """What was asked for, else what the job is called: by its user, or by the preset it is."""
    return options.title or facts.name or facts.spec.preset or f"Job {facts.id[:8]}"


def columns_of(facts: JobFacts, kind: Kind) -> list[str] | None:
    """The columns that a kind needs of trajectories; None for all of metrics."""
    parameters = [f"param.{name}" for name in facts.parameters]
    match kind:
        case Kind.LOSS:
            return ["loss"]
        case Kind.EFFECTIVE_LR:
            return ["effective_lr"]
        case Kind.PARAMETERS:
            return parameters
        case Kind.LANDSCAPE:
            return [*parameters, "loss"]
        case _:
            return None


def _lines(facts: JobFacts, kind: Kind, options: FigureOptions, name: str) -> Lines:
    across = facts.across(kind, options.across)
    panels = _panels(facts, kind)
    return Lines(
        title=name,
        panels=panels,
        across=across,
        per_unit=(facts.steps_per_epoch or 1) if across is Across.EPOCH and kind is not Kind.ACCURACY else 1,
        scale=options.scale or (AxisScale.LINEAR if kind in (Kind.ACCURACY, Kind.PARAMETERS) else AxisScale.AUTO),
        columns=max(1, min(len(panels), _SIDE_BY_SIDE, int(options.width) // _PANEL_INCHES)),
        same_values=kind is Kind.ACCURACY,
    )


def _panels(facts: JobFacts, kind: Kind) -> list[Panel]:
    match kind:
        case Kind.LOSS:
            return [Panel("loss", "loss", worst=np.inf)]
        case Kind.ACCURACY:
            return [
                Panel(f"{part}_accuracy", "accuracy", worst=-np.inf, heading=f"{part} part")
                for part in ("train", "test")
            ]
        case Kind.EFFECTIVE_LR:
            return [Panel("effective_lr", "effective learning rate")]
        case _:
            return [Panel(f"param.{name}", name) for name in facts.parameters]


def _landscape(facts: JobFacts, name: str, material: Material) -> Paint:
    problem = facts.spec.problem
    if not isinstance(problem, ExpressionProblem):  # pragma: no cover  # facts.require has refused it
        raise TypeError("only an expression has a landscape")
    shown = windows(problem, material)
    if len(shown) == 1:
        return partial(
            valley.paint,
            valley=valley.Valley(name, facts.parameters[0], *domain.over_line(problem, shown[0])),
            material=material,
        )
    first, second = facts.parameters
    drawn = landscape.Plane(name, (first, second), *domain.over_plane(problem, *shown))
    return partial(landscape.paint, plane=drawn, material=material)
