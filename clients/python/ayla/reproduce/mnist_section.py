"""The sections of the report about MNIST."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ayla.reports.markdown import bullets, paragraph, table
from ayla.reproduce.claims import number, percent
from ayla.reproduce.controls import at_an_end
from ayla.reproduce.descriptions import EXPERIMENTS
from ayla.reproduce.mnist import LOSSES, ORDERS, Arm, MnistExperiment, MnistRates
from ayla.reproduce.mnist_findings import findings
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.sections import embedded, measured, paper_figures, repeat_one

if TYPE_CHECKING:
    from ayla.reports.figures import ReportFigure

_SHOWN_EPOCHS = {"mnist-sgd": (10, 20, 30, 50, 60, 100), "mnist-adam": (1, 2, 5, 8, 10, 30)}


def mnist_section(preset: str, report: ReproductionReport, figures: Sequence[ReportFigure]) -> Iterator[str]:
    """Of one optimizer, at both rates and with both losses."""
    text = EXPERIMENTS[preset]
    yield from (f"## {text.title}", "", *paragraph(f"Paper section {text.section}. {text.description}"))
    yield from paper_figures(figures)
    for experiment in sorted(report.mnist, key=lambda found: (found.loss, found.rate)):
        if experiment.preset == preset:
            yield from _accuracies(experiment)
    yield from measured(report, preset)
    yield from bullets(findings(preset, report.mnist, report.claims))
    rates = [study for study in report.mnist_rates if study.preset == preset]
    if rates:
        yield from ("### Control: other learning rates without AYLA", "")
        yield from (line for study in rates for line in _control(study))
    for figure in figures:
        if figure.stem.startswith(("beyond-rates", "beyond-mse")):
            yield from embedded(figure)
    yield from repeat_one(report, preset)


def _accuracies(experiment: MnistExperiment) -> Iterator[str]:
    epochs = [epoch for epoch in _SHOWN_EPOCHS[experiment.preset] if epoch <= experiment.epochs]
    epochs = epochs if epochs and epochs[-1] == experiment.epochs else [*epochs, experiment.epochs]
    seeds = len(experiment.seeds)
    which = (
        "one seed"
        if seeds == 1
        else f"medians over {seeds} seeds with their {percent(_coverage(experiment))} intervals"
    )
    yield from paragraph(f"{experiment.title}: test accuracy after epoch, {which}:")
    yield from table(
        ["method", *map(str, epochs)],
        [[_name(experiment, arm), *(_cell(experiment, arm, epoch) for epoch in epochs)] for arm in Arm],
    )
    noted = {_name(experiment, arm): experiment.arms[arm].notes for arm in Arm}
    yield from bullets([f"{name}: {' '.join(notes)}" for name, notes in noted.items() if notes])


def _coverage(experiment: MnistExperiment) -> float:
    return experiment.arms[Arm.PLAIN].interval(1).coverage


def _name(experiment: MnistExperiment, arm: Arm) -> str:
    return experiment.base if arm is Arm.PLAIN else f"AYLA, {ORDERS[arm]}"


def _cell(experiment: MnistExperiment, arm: Arm, epoch: int) -> str:
    interval = experiment.arms[arm].interval(epoch)
    if len(experiment.seeds) == 1:
        return f"{interval.median:.3f}"
    return f"{interval.median:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _control(study: MnistRates) -> Iterator[str]:
    seeds = len(study.best.by_seed)
    over = "of one seed" if seeds == 1 else f"of {seeds} seeds, the median"
    yield from paragraph(
        f"With {LOSSES[study.loss]} the best rate is {study.best_rate:g}, that with the lowest loss on the whole "
        f"training part after the last epoch, {over}; the test part has no say in it."
        f"{at_an_end(study.best_rate, study.curves)}"
    )
    last = study.best.median.epochs
    yield from table(
        ["learning rate", *(f"{rate:g}" for rate in study.curves)],
        [
            ["training loss at the end", *(number(curves.training_loss) for curves in study.curves.values())],
            ["test accuracy after epoch 1", *(number(curves.median.at(1)) for curves in study.curves.values())],
            [
                f"test accuracy after epoch {last}",
                *(number(curves.median.at(last)) for curves in study.curves.values()),
            ],
        ],
    )
