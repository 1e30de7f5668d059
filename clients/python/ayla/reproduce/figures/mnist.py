"""Figures 11 and 12: test accuracy by epoch, with the interval of the median over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla.reproduce.figures.style import ARM_COLOURS, ARM_DASHES, REFERENCE
from ayla.reproduce.mnist import LOSSES, ORDERS, Arm, MnistExperiment, MnistRates

_FEWEST_TICKS = 4


def accuracy_by_epoch(
    figure: Figure, experiments: Sequence[MnistExperiment], papers: dict[float, tuple[tuple[float, str], ...]]
) -> None:
    """One panel for each learning rate: the median of every arm, its interval, and the paper's values as lines."""
    panels = figure.subplots(1, len(experiments), squeeze=False, sharey=True)[0]
    for axes, experiment in zip(panels, experiments, strict=True):
        for arm in Arm:
            is_plain = all(each.is_plain(arm) for each in experiments)
            _arm(axes, experiment, arm, f": the same as {experiment.base}" if is_plain else "")
        _of_paper(axes, papers.get(experiment.rate, ()))
        axes.set(xlabel="epoch", title=f"learning rate {experiment.rate:g}")
        _epoch_ticks(axes, experiment.epochs)
    panels[0].set_ylabel("test accuracy")
    handles, labels = panels[-1].get_legend_handles_labels()
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


def _epoch_ticks(axes: Axes, epochs: int) -> None:
    """At even distances from 0 on, to the last epoch."""
    distance = next((each for each in (20, 5, 2) if epochs >= _FEWEST_TICKS * each), 1)
    axes.set_xticks(range(0, epochs + 1, distance))


def _arm(axes: Axes, experiment: MnistExperiment, arm: Arm, remark: str) -> None:
    curves = experiment.arms[arm]
    epochs = range(1, curves.median.epochs + 1)
    name = experiment.base if arm is Arm.PLAIN else f"AYLA-{experiment.base}, {ORDERS[arm]}{remark}"
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
    """The control: the optimizer without AYLA at other learning rates beside the paper's runs with the same loss."""
    axes = figure.subplots()
    base = "SGD" if study.preset == "mnist-sgd" else "Adam"
    for dashes, (rate, curves) in zip(cycle(("--", ":", "-.")), study.curves.items()):
        epochs = range(1, curves.median.epochs + 1)
        is_best = rate == study.best_rate
        line: dict[str, Any] = {"color": ARM_COLOURS[Arm.PLAIN], "linestyle": "-", "linewidth": 2.8}
        if not is_best:
            line |= {"alpha": 0.55, "linestyle": dashes, "linewidth": 1.6}
        axes.plot(epochs, curves.median.accuracies, label=f"{base} {rate:g}{', its best' if is_best else ''}", **line)
    arm = next(arm for arm in (Arm.REVERSED, Arm.WRITTEN) if not all(each.is_plain(arm) for each in experiments))
    for experiment in experiments:
        curves = experiment.arms[arm]
        dashes = "--" if experiment.rate == min(found.rate for found in experiments) else "-"
        name = f"AYLA-{base} {experiment.rate:g}, {ORDERS[arm]}"
        epochs = range(1, curves.median.epochs + 1)
        axes.plot(epochs, curves.median.accuracies, color=ARM_COLOURS[arm], linestyle=dashes, label=name)
    which = "medians over the seeds" if len(study.best.by_seed) > 1 else "one seed"
    title = f"{base} at other learning rates, {LOSSES[study.loss]}, {which}"
    axes.set(xlabel="epoch", ylabel="test accuracy", title=title)
    _epoch_ticks(axes, study.best.median.epochs)
    figure.legend(loc="outside lower center", ncols=2)
