"""The list of figures, and how they are saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ayla.reproduce.experiment import Experiment
from ayla.reproduce.figures import curve, polynomial
from ayla.reproduce.figures.style import PARAMETERS
from ayla.reproduce.seeds import SeedStudy

_SINGLE = (8.0, 5.0)
_WIDE = (11.0, 5.0)


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure of the report.

    Attributes:
        stem: file name without its ending.
        experiment: name of the preset it belongs to.
        title: number and subject.
        description: what it shows, for the report and for readers who cannot see it.
        size: inches.
        draw: draws it into an empty Matplotlib figure.
    """

    stem: str
    experiment: str
    title: str
    description: str
    size: tuple[float, float]
    draw: Callable[[Figure], None]


def report_figures(experiments: Sequence[Experiment], studies: Sequence[SeedStudy]) -> list[ReportFigure]:
    """Every figure that these experiments and studies have the data for."""
    makers = {"poly-sgd": _poly_sgd, "poly-adam": _poly_adam, "curve-a": _curve_a, "curve-b": _curve_b}
    of_paper = [figure for experiment in experiments for figure in makers[experiment.name](experiment)]
    return [*of_paper, *map(_beyond, studies)]


def save(figure: ReportFigure, folder: Path) -> list[Path]:
    """Write a figure as PNG and SVG; the same data gives the same files."""
    with matplotlib.rc_context(PARAMETERS):
        canvas = Figure(figsize=figure.size, layout="constrained")
        FigureCanvasAgg(canvas)
        figure.draw(canvas)
        paths = [folder / f"{figure.stem}.png", folder / f"{figure.stem}.svg"]
        canvas.savefig(paths[0], dpi=150)
        canvas.savefig(paths[1], metadata={"Date": None})
    return paths


def _poly_sgd(experiment: Experiment) -> Iterator[ReportFigure]:
    yield ReportFigure(
        "fig01-steps-on-loss",
        experiment.name,
        "Figure 1: steps on the loss curves",
        "The original and the transformed loss over x, with the steps of SGD and AYLA-SGD placed on both.",
        _WIDE,
        partial(polynomial.steps_on_loss, experiment=experiment),
    )
    yield ReportFigure(
        "fig02-position-sgd",
        experiment.name,
        "Figure 2: position by step",
        "x by step for SGD and AYLA-SGD, with the saddle point and the minimum marked.",
        _SINGLE,
        partial(polynomial.position, experiment=experiment),
    )
    yield ReportFigure(
        "fig03-effective-learning-rate",
        experiment.name,
        "Figure 3: effective learning rate by step",
        "Learning rate times transformed gradient by step, signed.",
        _SINGLE,
        partial(polynomial.effective_rate, experiment=experiment),
    )


def _poly_adam(experiment: Experiment) -> Iterator[ReportFigure]:
    yield ReportFigure(
        "fig04-steps-on-loss-adam",
        experiment.name,
        "Figure 4: Adam's steps on the loss curves",
        "The original and the transformed loss over x, with the steps of Adam and AYLA-Adam (not every step is drawn).",
        _WIDE,
        partial(polynomial.steps_on_loss, experiment=experiment),
    )
    yield ReportFigure(
        "fig05-position-adam",
        experiment.name,
        "Figure 5: position by step",
        "x by step for Adam and AYLA-Adam, with the saddle point and the minimum marked.",
        _SINGLE,
        partial(polynomial.position, experiment=experiment),
    )


def _curve_a(experiment: Experiment) -> Iterator[ReportFigure]:
    yield _errors("fig06-error-curve-a", "Figure 6: error by epoch", experiment, adam=0.04, ayla=0.025, bound="≈")
    yield _fits("fig07-fit-curve-a-150", "Figure 7: fitted curves after 150 epochs", experiment, (150,))
    yield _fits("fig08-fit-curve-a-400", "Figure 8: fitted curves after 400 epochs", experiment, (400,))


def _curve_b(experiment: Experiment) -> Iterator[ReportFigure]:
    yield _errors("fig09-error-curve-b", "Figure 9: error by epoch", experiment, adam=0.15, ayla=0.04, bound="under")
    yield _fits("fig10-fit-curve-b", "Figure 10: fitted curves after 150 and 400 epochs", experiment, (150, 400))


def _errors(stem: str, title: str, experiment: Experiment, *, adam: float, ayla: float, bound: str) -> ReportFigure:
    description = "Mean squared error by epoch for Adam and both readings of AYLA-Adam; dotted: the paper's values."
    draw = partial(curve.error_by_epoch, experiment=experiment, adam=adam, ayla=ayla, bound=bound)
    return ReportFigure(stem, experiment.name, title, description, _SINGLE, draw)


def _fits(stem: str, title: str, experiment: Experiment, epochs: tuple[int, ...]) -> ReportFigure:
    description = "The noisy data, the true curve and the curves fitted by Adam and both readings of AYLA-Adam."
    draw = partial(curve.fitted, experiment=experiment, epochs=epochs)
    return ReportFigure(stem, experiment.name, title, description, _SINGLE if len(epochs) == 1 else _WIDE, draw)


def _beyond(study: SeedStudy) -> ReportFigure:
    diverged = any(optimizer.diverged for optimizer in study.comparison.optimizers)
    edge = " Hollow marks at the upper edge: diverged." if diverged else ""
    return ReportFigure(
        f"beyond-seeds-{study.name}",
        study.name,
        f"Beyond the paper: final error on {len(study.seeds)} seeds",
        f"The final mean squared error of Adam and both readings of AYLA-Adam on each seed.{edge}",
        _SINGLE,
        partial(curve.final_losses, study=study),
    )
