"""Figures 11 and 12: test accuracy by epoch, with the interval of the median over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ayla.reproduce.figures.style import ARM_COLOURS, ARM_DASHES, REFERENCE
from ayla.reproduce.mnist import LOSSES, ORDERS, Arm, MnistExperiment, MnistRates


def accuracy_by_epoch(
    figure: Figure, experiments: Sequence[MnistExperiment], papers: dict[float, tuple[tuple[float, str], ...]]
) -> None:
    """One panel for each learning rate: the median of every arm, its interval, and the paper's values as lines."""
    panels = figure.subplots(1, len(experiments), squeeze=False, sharey=True)[0]
    for axes, experiment in zip(panels, experiments, strict=True):
        for arm in Arm:
            _arm(axes, experiment, arm)
        _of_paper(axes, papers.get(experiment.rate, ()))
        axes.set(xlabel="epoch", title=f"learning rate {experiment.rate:g}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("test accuracy")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    first = experiments[0]
    seeds = len(first.seeds)
    figure.suptitle(f"{first.base} and AYLA-{first.base}, {LOSSES[first.loss]}, {seeds} seed{'s' if seeds > 1 else ''}")


def _of_paper(axes: Axes, values: Sequence[tuple[float, str]]) -> None:
    """Lines at the paper's values, and what they are where no curve passes."""
    for value, _ in values:
        axes.axhline(value, color=REFERENCE, linewidth=1, linestyle=":", zorder=1)
    if values:
        text = f"dotted, the paper: {', '.join(name for _, name in values)}"
        axes.text(0.98, 0.04, text, transform=axes.transAxes, ha="right", color=REFERENCE, fontsize=11)


def _arm(axes: Axes, experiment: MnistExperiment, arm: Arm) -> None:
    curves = experiment.arms[arm]
    epochs = range(1, curves.median.epochs + 1)
    name = experiment.base if arm is Arm.PLAIN else f"AYLA-{experiment.base}, {ORDERS[arm]}"
    # Arms are the same to the last bit where an exponent has no effect; a narrow dashed line leaves the other visible.
    width = 3.2 if arm is Arm.PLAIN else 1.8
    axes.plot(
        epochs, curves.median.accuracies, color=ARM_COLOURS[arm], linestyle=ARM_DASHES[arm], linewidth=width, label=name
    )
    if len(curves.by_seed) > 1:
        band = curves.band()
        lows, highs = [interval.low for interval in band], [interval.high for interval in band]
        axes.fill_between(epochs, lows, highs, color=ARM_COLOURS[arm], alpha=0.18, linewidth=0)


def rates(figure: Figure, study: MnistRates, experiments: Sequence[MnistExperiment]) -> None:
    """The control: the optimizer without AYLA at other learning rates beside the paper's runs."""
    axes = figure.subplots()
    base = "SGD" if study.preset == "mnist-sgd" else "Adam"
    shades = [0.35 + 0.65 * place / max(1, len(study.curves) - 1) for place in range(len(study.curves))]
    for shade, (rate, curves) in zip(shades, study.curves.items(), strict=True):
        epochs = range(1, curves.median.epochs + 1)
        best = ", its best" if rate == study.best_rate else ""
        line: dict[str, Any] = {"color": ARM_COLOURS[Arm.PLAIN], "alpha": shade, "linewidth": 2.8 if best else 1.6}
        axes.plot(epochs, curves.median.accuracies, label=f"{base} {rate:g}{best}", **line)
    for experiment in experiments:
        curves = experiment.arms[Arm.REVERSED]
        dashes = "--" if experiment.rate == min(found.rate for found in experiments) else "-"
        name = f"AYLA-{base} {experiment.rate:g}, {ORDERS[Arm.REVERSED]}"
        epochs = range(1, curves.median.epochs + 1)
        axes.plot(epochs, curves.median.accuracies, color=ARM_COLOURS[Arm.REVERSED], linestyle=dashes, label=name)
    axes.set(xlabel="epoch", ylabel="test accuracy", title=f"{base} at other learning rates, medians over the seeds")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside lower center", ncols=2)
