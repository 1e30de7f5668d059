"""Figures 1 to 5: steps on the loss curves, position and effective learning rate by step."""

from __future__ import annotations

from typing import Any

import numpy
import numpy.typing
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla.reproduce.experiment import Experiment, Method, MethodRun
from ayla.reproduce.figures.style import COLOURS, CURVE, MARKERS, REFERENCE, method_line, method_name, reference_line
from ayla.reproduce.polynomial_claims import MINIMIZER, SADDLE

Values = numpy.typing.NDArray[numpy.float64]

_MAX_MARKERS = 60


def steps_on_loss(figure: Figure, experiment: Experiment) -> None:
    """Fig. 1 and 4: the original and the transformed loss over x, with both methods' steps on each."""
    left, right = figure.subplots(1, 2)
    ayla = experiment.run(Method.LOSS)
    x = numpy.linspace(-1.15, 2.95, 400)
    original = _polynomial(x)
    for axes, curve, title in (
        (left, original, "original loss  f(x)"),
        (right, _transformed(original, ayla), "transformed loss  L(f(x))"),
    ):
        axes.plot(x, curve, color=CURVE, linewidth=1.6, zorder=2)
        axes.set(title=title, xlabel="x")
    left.set_ylabel("loss")
    for run in (experiment.run(Method.PLAIN), ayla):
        _steps(left, run, run.trajectory.numbers("loss"))
        # The plain method does not see the transformed curve; its steps are lifted onto it to compare places.
        lifted = _transformed(numpy.array(run.trajectory.numbers("loss")), ayla)
        _steps(right, run, lifted.tolist())
    left.legend(loc="upper center")
    for axes, height in ((left, _polynomial(numpy.array([MINIMIZER]))[0]), (right, None)):
        bottom = height if height is not None else float(min(_transformed(original, ayla)))
        axes.annotate(f"{bottom:.2f}", (MINIMIZER, bottom), xytext=(0, -17), textcoords="offset points", ha="center")
        axes.margins(y=0.12)


def position(figure: Figure, experiment: Experiment) -> None:
    """Fig. 2 and 5: x by step."""
    axes = figure.subplots()
    reference_line(axes, MINIMIZER, "minimum 2.25")
    reference_line(axes, SADDLE, "saddle 0")
    for run in experiment.runs:
        method_line(axes, run, run.trajectory.numbers("step"), run.trajectory.numbers("param.x"))
    axes.set(xlabel="step", ylabel="x", title=f"Position by step, {_setting(experiment)}")
    axes.legend(loc="center right")


def effective_rate(figure: Figure, experiment: Experiment) -> None:
    """Fig. 3: the effective learning rate, learning rate times transformed gradient, by step."""
    axes = figure.subplots()
    axes.axhline(0, color=REFERENCE, linewidth=1)
    for run in experiment.runs:
        method_line(axes, run, run.trajectory.numbers("step"), run.trajectory.numbers("effective_lr"), marker=".")
    title = f"Effective learning rate by step, {_setting(experiment)}"
    axes.set(xlabel="step", ylabel="effective learning rate  lr · ∇L", title=title)
    axes.legend(loc="lower right")


def _setting(experiment: Experiment) -> str:
    plain = experiment.run(Method.PLAIN)
    return f"{method_name(plain)} with learning rate {plain.trial.optimizer['learning_rate']:g}"


def _steps(axes: Axes, run: MethodRun, heights: list[float]) -> None:
    every = max(1, run.last_step // _MAX_MARKERS)
    places = run.trajectory.numbers("param.x")[::every]
    style: dict[str, Any] = {"color": COLOURS[run.method], "marker": MARKERS[run.method], "label": method_name(run)}
    axes.plot(places, heights[::every], linestyle="", markersize=6, alpha=0.75, zorder=3, **style)


def _polynomial(x: Values) -> Values:
    return x**4 - 3 * x**3 + 2


def _transformed(loss: Values, run: MethodRun) -> Values:
    """Eq. 1 with the exponents of the run."""
    settings = run.trial.optimizer["ayla"]
    size = numpy.abs(loss)
    exponent = numpy.where(size < 1, settings["n1"], settings["n2"])
    return numpy.asarray(numpy.sign(loss) * size**exponent)
