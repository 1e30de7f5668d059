"""Scales of the axes of values: linear or logarithmic, whose ticks are powers of ten."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatter, ScalarFormatter

from ayla_service.figures.data import Floats
from ayla_service.figures.options import AxisScale
from ayla_service.figures.texts import plain_number, scientific_number

_LOG_SPAN = 10
_PLAIN = 0.001, 1000.0
"""Ends of an axis of less than a decade whose ticks are plain numbers."""


def set_value_scale(axes: Axes, values: Sequence[Floats], scale: AxisScale, *, horizontal: bool = False) -> bool:
    """Set the scale of the axis of values; returns whether it is logarithmic."""
    axis = axes.xaxis if horizontal else axes.yaxis
    if not is_log(values, scale):
        set_linear_labels(axis)
        return False
    (axes.set_xscale if horizontal else axes.set_yscale)("log", nonpositive="mask")
    set_log_labels(axis)
    return True


def is_log(values: Sequence[Floats], scale: AxisScale) -> bool:
    """Whether the scale of these values is logarithmic."""
    found = np.concatenate([np.ravel(array) for array in values]) if values else np.array([])
    finite = found[np.isfinite(found)]
    if scale is AxisScale.LINEAR or not np.any(finite > 0):
        return False
    if scale is AxisScale.LOG:
        return True
    low, high = float(finite.min()), float(finite.max())
    return low > 0 and high / _LOG_SPAN >= low


def set_log_labels(axis: Axis) -> None:
    """Label a logarithmic axis with powers in plain text: the usual labels are formulas, which texts here never are."""
    axis.set_major_formatter(_PowerFormatter(labelOnlyBase=False))
    axis.set_minor_formatter(_PowerFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.6)))


def set_linear_labels(axis: Axis) -> None:
    """Label a linear axis with numbers of one notation; a factor common to all stands at its end as a power."""
    axis.set_major_formatter(_PlainFormatter())


class _PowerFormatter(LogFormatter):
    """Labels the same ticks as 10⁻³, and within a decade of usual numbers as 0.2."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        if self.axis is None or not super().__call__(x, pos):
            return ""
        low, high = sorted(self.axis.get_view_interval())
        if high < 10 * low and _PLAIN[0] <= low and high <= _PLAIN[1]:
            return plain_number(x)
        return scientific_number(x)


class _PlainFormatter(ScalarFormatter):
    """The usual formatter, whose common factor is a power of ten in plain text: ×10⁶."""

    def get_offset(self) -> str:
        if not self.orderOfMagnitude:
            return ""
        return f"×{scientific_number(10.0**self.orderOfMagnitude)}"
