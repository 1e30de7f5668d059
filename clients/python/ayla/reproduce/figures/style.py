"""The style of all figures: a method has the same colour and marker everywhere; readable at half size."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from ayla.reproduce.experiment import VARIANTS, Method, MethodRun
from ayla.reproduce.mnist import Arm

# Okabe and Ito's palette, which people with any colour vision tell apart; in the order of the service's figures, in
# which the presets have these methods.
COLOURS = {Method.PLAIN: "#0072B2", Method.LOSS: "#D55E00", Method.SAMPLE: "#009E73"}
DASHES = {Method.PLAIN: "-", Method.LOSS: "-", Method.SAMPLE: (0, (5, 1.5))}
MARKERS = {Method.PLAIN: "o", Method.LOSS: "s", Method.SAMPLE: "^"}
ARM_COLOURS = {Arm.PLAIN: "#0072B2", Arm.WRITTEN: "#D55E00", Arm.REVERSED: "#009E73"}
ARM_DASHES = {Arm.PLAIN: "-", Arm.WRITTEN: (0, (4, 2)), Arm.REVERSED: (0, (9, 1.5))}
CURVE = "#333333"
DATA = "#AAAAAA"
REFERENCE = "#888888"


def method_name(run: MethodRun) -> str:
    """What a legend calls the method: SGD, Adam, or AYLA on one of them."""
    base = {"sgd": "SGD", "adam": "Adam"}.get(str(run.trial.optimizer["name"]), str(run.trial.optimizer["name"]))
    if run.method is Method.PLAIN:
        return base
    # Of a single parameter there is one reading only.
    return f"AYLA-{base}" if "param.x" in run.trajectory else f"AYLA-{base}, {VARIANTS[run.method]}"


def method_line(axes: Axes, run: MethodRun, x: list[float], y: list[float], **options: Any) -> None:
    """A line in the method's colour, with its name for the legend."""
    style = {"color": COLOURS[run.method], "linestyle": DASHES[run.method], "label": method_name(run)} | options
    axes.plot(x, y, **style)


def reference_line(axes: Axes, y: float, text: str, *, left: bool = False) -> None:
    """A thin horizontal line with its meaning at the right end, or the left one."""
    axes.axhline(y, color=REFERENCE, linewidth=1, linestyle=":", zorder=1)
    axes.annotate(
        text,
        (0.0 if left else 1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(4 if left else -4, 4),
        textcoords="offset points",
        ha="left" if left else "right",
        color=REFERENCE,
        fontsize=11,
    )
