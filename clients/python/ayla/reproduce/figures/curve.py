"""Figures 6 to 10: mean squared error by epoch and fitted curves; and final losses over seeds."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla.reproduce.experiment import VARIANTS, Experiment, Method
from ayla.reproduce.figures.style import COLOURS, CURVE, DATA, MARKERS, REFERENCE, method_line, reference_line
from ayla.reproduce.seeds import SeedStudy

_STUDY_NAMES = {Method.PLAIN: "Adam", **{method: f"AYLA-Adam, {reading}" for method, reading in VARIANTS.items()}}


def error_by_epoch(figure: Figure, experiment: Experiment, *, adam: float, ayla: float, bound: str) -> None:
    """Fig. 6 and 9: MSE by epoch, with the paper's values as reference lines."""
    axes = figure.subplots()
    rate = experiment.run(Method.PLAIN).trial.optimizer["learning_rate"]
    # Each text stands where no curve passes: early for low values, late for high ones.
    reference_line(axes, adam, f"paper, Adam: ≈ {adam:g}", left=adam < 0.1)
    reference_line(axes, ayla, f"paper, AYLA: {bound} {ayla:g}", left=True)
    for run in experiment.runs:
        method_line(axes, run, run.trajectory.numbers("step"), run.trajectory.numbers("loss"))
    axes.set(xlabel="epoch", ylabel="MSE (log scale)", title=f"Mean squared error by epoch, learning rate {rate:g}")
    _log_scale(axes, [0.02, 0.03, 0.05, 0.1, 0.2, 0.3])
    axes.legend(loc="upper right")


def fitted(figure: Figure, experiment: Experiment, *, epochs: tuple[int, ...]) -> None:
    """Fig. 7, 8 and 10: data, true curve and each method's fitted curve, one panel per epoch."""
    panels = figure.subplots(1, len(epochs), squeeze=False, sharey=True)[0]
    for axes, epoch in zip(panels, epochs, strict=True):
        _fit_panel(axes, experiment, epoch)
    panels[0].set_ylabel("y")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3 if len(epochs) == 1 else 5)


def final_losses(figure: Figure, study: SeedStudy) -> None:
    """Beyond the paper: the final MSE of each method on each seed."""
    axes = figure.subplots()
    for place in range(len(study.seeds)):
        axes.axvline(place, color=REFERENCE, linewidth=0.5, alpha=0.4, zorder=1)
    for method, name in _STUDY_NAMES.items():
        _seed_losses(axes, study, method, name)
    axes.set_xticks(range(len(study.seeds)), [str(seed) for seed in study.seeds])
    axes.set(xlabel="seed", ylabel="final MSE (log scale)", title=f"Final error on each seed, {study.name}")
    _log_scale(axes, [0.02, 0.03, 0.04, 0.06, 0.1, 0.15, 0.2])
    figure.legend(loc="outside lower center", ncols=3)


def _seed_losses(axes: Axes, study: SeedStudy, method: Method, name: str) -> None:
    """A mark at the final loss of each seed, or a hollow one at the upper edge where it diverged."""
    losses = study.final_losses(method)
    places = {study.seeds.index(seed): loss for seed, loss in losses.items()}
    shown = {place: loss for place, loss in places.items() if loss is not None}
    style: dict[str, Any] = {"marker": MARKERS[method], "color": COLOURS[method], "linestyle": "", "markersize": 9}
    axes.plot([*shown], [*shown.values()], label=name, **style)
    diverged = [place for place, loss in places.items() if loss is None]
    if diverged:
        edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "markerfacecolor": "none", "clip_on": False}
        axes.plot(diverged, [1.0] * len(diverged), label=f"{name}: diverged", **style, **edge)


def _log_scale(axes: Axes, ticks: list[float]) -> None:
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def _fit_panel(axes: Axes, experiment: Experiment, epoch: int) -> None:
    reference = experiment.run(Method.PLAIN).predictions
    x = reference.numbers("x")
    axes.plot(x, reference.numbers("target"), linestyle="", marker=".", color=DATA, label="data")
    axes.plot(x, reference.numbers("truth"), color=CURVE, linewidth=1.6, linestyle="--", label="true curve")
    for run in experiment.runs:
        column = f"prediction.{epoch}"
        if column in run.predictions:
            method_line(axes, run, x, run.predictions.numbers(column))
    axes.set(xlabel="x", title=f"after {epoch} epochs")
