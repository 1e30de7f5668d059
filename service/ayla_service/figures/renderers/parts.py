"""What all figures have: titles, legends that stay readable, axes that fit what is drawn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatter

from ayla_service.figures.data import Floats
from ayla_service.figures.options import AxisScale
from ayla_service.figures.style import CURVE, OTHERS, Look
from ayla_service.figures.texts import characters, shown

NOTHING = "nothing recorded yet"

_TITLE_POINTS, _LEGEND_POINTS = 13, 9.5
_LINE_INCHES = 0.19
_LEGEND_SHARE = 0.4
"""Of the height, at most."""

_HANDLE_CHARACTERS = 7
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e5
_LOG_SPAN = 10


def title(figure: Figure, text: str) -> None:
    """The figure's title, cut to its width."""
    figure.suptitle(shown(text, characters(figure.get_figwidth() * 0.95, _TITLE_POINTS)))


def empty(axes: Axes) -> None:
    """Say that there is nothing to see yet, in a figure that is labelled all the same."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    axes.text(0.5, 0.5, NOTHING, transform=axes.transAxes, ha="center", va="center", color=CURVE, bbox=box, zorder=6)


def legend(
    figure: Figure,
    looks: Iterable[Look],
    note: str,
    *,
    extra: Mapping[str, Any] | None = None,
    marks: bool = False,
) -> None:
    """The named settings below the figure, as many as there is room for; how to read it above them.

    Args:
        figure: with its axes.
        looks: of everything that is drawn.
        note: what lines and bands mean.
        extra: more lines, by name, that come first.
        marks: whether settings are drawn as marks, not as lines.
    """
    all_looks = list(looks)
    entries = [(name, Line2D([], [], **look)) for name, look in (extra or {}).items()]
    entries += [(look.name, Line2D([], [], **(look.mark if marks else look.line))) for look in all_looks if look.named]
    others = sum(not look.named for look in all_looks)
    if others:
        look = {"marker": "o", "markersize": 3, "linestyle": ""} if marks else {"linewidth": 1.2}
        entries.append((f"{others} others", Line2D([], [], color=OTHERS, **look)))
    fitting = characters(figure.get_figwidth(), _LEGEND_POINTS) - _HANDLE_CHARACTERS
    entries = [(shown(name, fitting), handle) for name, handle in entries]
    columns, room = _grid(figure, [name for name, _ in entries])
    if len(entries) > room:
        left_out = len(entries) - room + 1
        entries = [*entries[: room - 1], (f"and {left_out} more", Line2D([], [], linestyle=""))]
    wide = shown(note, characters(figure.get_figwidth() * 0.98, _LEGEND_POINTS))
    figure.legend(
        [handle for _, handle in entries],
        [name for name, _ in entries],
        title=wide or None,
        loc="outside lower center",
        ncols=columns,
    )


def value_scale(axes: Axes, values: Sequence[Floats], scale: AxisScale) -> bool:
    """Space the vertical axis; whether it is logarithmic."""
    if not is_log(values, scale):
        return False
    axes.set_yscale("log", nonpositive="mask")
    log_labels(axes.yaxis)
    return True


def log_labels(axis: Axis) -> None:
    """Labels of a logarithmic axis as plain text: the usual ones are formulas, which texts here never are."""
    axis.set_major_formatter(_Plain(labelOnlyBase=False))
    axis.set_minor_formatter(_Plain(labelOnlyBase=False, minor_thresholds=(1.5, 0.6)))


class _Plain(LogFormatter):
    """Chooses the same ticks to label; writes 0.06 for 6e-02, unless the axis has values that are not written so."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        if self.axis is None or not super().__call__(x, pos):
            return ""
        return written_alike(self.axis.get_view_interval())(x)


def written_alike(values: Iterable[float]) -> Callable[[float], str]:
    """How the numbers of one axis are written: plainly, or all with a power of ten if one of ``values`` has to be."""
    sizes = [abs(value) for value in values if value]
    return number if all(_SMALLEST_PLAIN <= size <= _LARGEST_PLAIN for size in sizes) else scientific


def number(value: float) -> str:
    """A number for people: three digits, as short as that can be."""
    rounded = float(f"{value:.3g}")
    if rounded and not _SMALLEST_PLAIN <= abs(rounded) <= _LARGEST_PLAIN:
        return scientific(rounded)
    return f"{rounded:g}".replace("-", "\N{MINUS SIGN}")


def scientific(value: float) -> str:
    """A number of three digits with its power of ten: 6e−5; 0 as it is."""
    if not value:
        return "0"
    digits, _, exponent = f"{value:.2e}".partition("e")
    return f"{float(digits):g}e{int(exponent)}".replace("-", "\N{MINUS SIGN}")


def is_log(values: Sequence[Floats], scale: AxisScale) -> bool:
    """Whether these values are shown on a logarithmic scale."""
    found = np.concatenate([np.ravel(array) for array in values]) if values else np.array([])
    finite = found[np.isfinite(found)]
    if scale is AxisScale.LINEAR or not np.any(finite > 0):
        return False
    if scale is AxisScale.LOG:
        return True
    low, high = float(finite.min()), float(finite.max())
    return low > 0 and high / _LOG_SPAN >= low


def _grid(figure: Figure, names: Sequence[str]) -> tuple[int, int]:
    """How many columns a legend has, and how many entries there is room for."""
    widest = max(map(len, names), default=1) + _HANDLE_CHARACTERS
    columns = max(1, min(len(names), characters(figure.get_figwidth(), _LEGEND_POINTS) // widest))
    rows = max(1, int(figure.get_figheight() * _LEGEND_SHARE / _LINE_INCHES) - 1)
    return columns, columns * rows
