"""The list of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from matplotlib.figure import Figure

from ayla.reports.figures import ReportFigure
from ayla.reproduce.experiment import Experiment
from ayla.reproduce.exponents import ExponentMap
from ayla.reproduce.figures import controls, curve, mnist, polynomial
from ayla.reproduce.mnist import LOSSES, ORDERS, MnistExperiment
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.seeds import SeedStudy

_SINGLE = (8.0, 5.0)
_WIDE = (11.0, 5.0)
_SQUARE = (7.0, 6.4)


def report_figures(report: ReproductionReport) -> list[ReportFigure]:
    """Every figure that the report has the data for: the paper's, then those beyond it."""
    makers = {"poly-sgd": _poly_sgd, "poly-adam": _poly_adam, "curve-a": _curve_a, "curve-b": _curve_b}
    of_paper = [figure for experiment in report.experiments for figure in makers[experiment.name](experiment)]
    return [
        *of_paper,
        *_of_mnist(report),
        *map(_beyond, report.studies),
        *_rates(report),
        *map(_exponents, report.maps),
    ]


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


def _of_mnist(report: ReproductionReport) -> Iterator[ReportFigure]:
    """Figures 11 and 12, and the same by the mean squared error."""
    for loss in LOSSES:
        for preset in ("mnist-sgd", "mnist-adam"):
            found = [each for each in report.mnist if each.preset == preset and each.loss == loss]
            if found:
                yield _accuracies(sorted(found, key=lambda each: each.rate))


def _accuracies(found: Sequence[MnistExperiment]) -> ReportFigure:
    first = found[0]
    number = 11 if first.preset == "mnist-sgd" else 12
    is_paper = first.loss == "cross-entropy"
    bands = "medians over the seeds; the bands are their intervals" if len(first.seeds) > 1 else "one seed"
    return ReportFigure(
        f"fig{number}-accuracy-{first.base.lower()}" if is_paper else f"beyond-mse-{first.preset}",
        first.preset,
        f"Figure {number}: test accuracy by epoch"
        if is_paper
        else f"Figure {number} once more: with the mean squared error of the softmax",
        f"Test accuracy on MNIST by epoch of {first.base} and of AYLA with the exponents in either order, {bands}.",
        _WIDE,
        partial(mnist.accuracy_by_epoch, experiments=found, papers=_PAPER_ACCURACIES[first.preset] if is_paper else {}),
    )


_PAPER_ACCURACIES: dict[str, dict[float, tuple[tuple[float, str], ...]]] = {
    "mnist-sgd": {
        1e-4: ((0.85, "SGD ≈ 0.85"), (0.9, "AYLA ≈ 0.9")),
        2e-4: ((0.92, "AYLA ≈ 0.92"),),
    },
    "mnist-adam": {2e-4: ((0.95, "AYLA ≈ 0.95 by epoch 8"),)},
}


def _rates(report: ReproductionReport) -> Iterator[ReportFigure]:
    for study in report.rates:
        experiment = next((each for each in report.experiments if each.name == study.experiment), None)
        if experiment is not None:
            yield _control(study.experiment, partial(controls.rates, study=study, experiment=experiment))
    for of_mnist in report.mnist_rates:
        found = [each for each in report.mnist if each.preset == of_mnist.preset and each.loss == of_mnist.loss]
        if any(not each.is_plain(arm) for each in found for arm in ORDERS):
            draw = partial(mnist.rates, study=of_mnist, experiments=found)
            yield _control(of_mnist.preset, draw, "" if of_mnist.loss == "cross-entropy" else "mse")


def _control(preset: str, draw: Callable[[Figure], None], loss: str = "") -> ReportFigure:
    which = f"{preset}, {LOSSES['mse-softmax']}" if loss else preset
    return ReportFigure(
        "-".join(["beyond-rates", preset, *([loss] if loss else [])]),
        preset,
        f"Control for {which}: the optimizer without AYLA at other learning rates",
        f"What the optimizer without AYLA reaches on {which}, at learning rates other than the paper's.",
        _SINGLE,
        draw,
    )


def _exponents(found: ExponentMap) -> ReportFigure:
    return ReportFigure(
        f"beyond-exponents-{found.preset}",
        found.preset,
        f"Beyond the paper: every pair of exponents on {found.preset}",
        f"Heat map of the final loss of {found.preset} over N1 and N2, with the paper's pair and the best one marked; "
        "grey: diverged.",
        _SQUARE,
        partial(controls.heat_map, found=found),
    )


def _beyond(study: SeedStudy) -> ReportFigure:
    diverged = any(optimizer.diverged for optimizer in study.comparison.optimizers)
    edge = " Hollow marks at the upper edge: diverged." if diverged else ""
    return ReportFigure(
        f"beyond-seeds-{study.name}",
        study.name,
        f"Beyond the paper: final error of {study.name} on {len(study.seeds)} seeds",
        f"The final mean squared error on {study.name} of Adam and both readings of AYLA-Adam on each seed.{edge}",
        _SINGLE,
        partial(curve.final_losses, study=study),
    )
