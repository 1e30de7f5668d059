"""Beyond the paper: heat maps over both exponents, and the optimizer without AYLA at other learning rates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from ayla.reproduce.controls import RateStudy
from ayla.reproduce.experiment import Experiment, Method
from ayla.reproduce.exponents import PAPER_EXPONENTS, ExponentMap
from ayla.reproduce.figures.style import COLOURS, REFERENCE, method_name
from ayla.reproduce.polynomial_claims import MINIMUM

_TICKS = [0.03, 0.05, 0.1, 0.2, 0.4]


def heat_map(figure: Figure, found: ExponentMap) -> None:
    """Final loss by N1 and N2; the paper's pair and the best one are marked, pairs that diverged are grey."""
    axes = figure.subplots()
    cells = numpy.array(found.numbers.panels[0].cells, dtype=float)
    edges = [_edges(found.numbers.x.values), _edges(found.numbers.y.values)]
    finite = cells[numpy.isfinite(cells)]
    is_polynomial = found.preset.startswith("poly")
    # One extreme pair would take all the contrast: what is above the loss at the start has one colour.
    norm = Normalize(MINIMUM, 2.0) if is_polynomial else LogNorm(float(finite.min()), 0.4)
    axes.set_facecolor("#BBBBBB")
    mesh = axes.pcolormesh(*edges, numpy.ma.masked_invalid(cells), norm=norm, cmap="viridis_r", rasterized=True)
    bar = figure.colorbar(mesh, ax=axes, label="final loss" if is_polynomial else "final MSE", extend="max")
    if not is_polynomial:
        bar.set_ticks([tick for tick in _TICKS if tick >= finite.min()], labels=None)
        bar.ax.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        bar.ax.minorticks_off()
    _mark(axes, PAPER_EXPONENTS[found.preset], "X", "the paper's pair")
    _mark(axes, found.best[:2], "*", f"the best: {found.best_pair}")
    _mark(axes, (1.0, 1.0), "o", "no AYLA")
    axes.set(xlabel="N1, where |l| < 1", ylabel="N2, where |l| > 1", title=f"Final loss by exponents, {found.preset}")
    axes.grid(visible=False)
    figure.legend(loc="outside lower center", ncols=3)


def _mark(axes: Axes, place: tuple[float, float], marker: str, name: str) -> None:
    style: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": "black", "markersize": 12, "linestyle": ""}
    axes.plot(*place, marker=marker, label=name, clip_on=False, **style)


def _edges(values: tuple[float, ...]) -> list[float]:
    """Edges of cells around evenly spaced values."""
    half = (values[1] - values[0]) / 2 if len(values) > 1 else 0.5
    return [values[0] - half, *(value + half for value in values)]


def rates(figure: Figure, study: RateStudy, experiment: Experiment) -> None:
    """Final loss without AYLA by learning rate, beside AYLA's at the paper's rate on the same seed."""
    axes = figure.subplots()
    name = "SGD" if experiment.name == "poly-sgd" else "Adam"
    where = ", the paper's seed" if study.seeds else ""
    _losses(axes, study.judged, f"{name} without AYLA{where}", marker="o")
    if study.seeds:
        _losses(
            axes, study.losses, f"median over {len(study.seeds)} other seeds", marker=".", alpha=0.45, linestyle="--"
        )
    paper = float(experiment.run(Method.PLAIN).trial.optimizer["learning_rate"])
    axes.axvline(paper, color=REFERENCE, linewidth=1, linestyle="--", label=f"the paper's rate, {paper:g}")
    for run in experiment.ayla_runs:
        label = f"{method_name(run)} at {paper:g}"
        axes.axhline(run.last("loss"), color=COLOURS[run.method], linewidth=1.4, linestyle=":", label=label)
    axes.set_xscale("log")
    axes.set_xticks([*study.losses], [f"{rate:g}" for rate in study.losses], rotation=45, fontsize=10)
    if not experiment.name.startswith("poly"):
        axes.set_yscale("log")
        axes.set_yticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.minorticks_off()
    title = f"Without AYLA at other learning rates, {experiment.name}"
    axes.set(xlabel="learning rate", ylabel="final loss", title=title)
    figure.legend(loc="outside lower center", ncols=2)


def _losses(axes: Axes, losses: Mapping[float, float], label: str, **options: Any) -> None:
    """A line through the finite losses, and hollow marks at the upper edge where it diverged."""
    finite = {rate: loss for rate, loss in losses.items() if math.isfinite(loss)}
    axes.plot([*finite], [*finite.values()], color=COLOURS[Method.PLAIN], label=label, **options)
    diverged = [rate for rate in losses if rate not in finite]
    if diverged:
        edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "markerfacecolor": "none", "clip_on": False}
        axes.plot(diverged, [1.0] * len(diverged), "o", color=COLOURS[Method.PLAIN], label=f"{label}: diverged", **edge)
