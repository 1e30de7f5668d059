"""Points of an axis: by their place, where it has a number of points, or by a number from 0 to 1."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ayla_spec.axes import DIGITS, Axis, RangeAxis, ValuesAxis

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def point(axis: Axis, place: int) -> float:
    """The point of an axis at a place from 0, where it has a number of points; the same on every machine.

    Those of a range are rounded to ``DIGITS`` digits, so that the last bits of a logarithm change nothing.
    """
    if isinstance(axis, ValuesAxis):
        return axis.values[place]
    assert axis.count is not None  # noqa: S101  # callers ask for places of axes that have a number of them
    if place in (0, axis.count - 1):
        return axis.high if place else axis.low
    return _within(axis, _BETWEEN[axis.scale](axis, place / (axis.count - 1)))


def table(axis: Axis) -> Floats:
    """All points of an axis that has a number of them."""
    return np.array([point(axis, place) for place in range(axis.count or 0)], dtype=np.float64)


def drawn(axis: Axis, unit: Floats) -> Floats:
    """The points of an axis for numbers from 0 to below 1, each part of which stands for a part of the axis as long.

    Args:
        axis: with or without a number of points. Of whole numbers, each is as likely as its part of the scale.
        unit: the numbers.
    """
    if axis.count is not None:
        return table(axis)[places(unit, axis.count)]
    assert isinstance(axis, RangeAxis)  # noqa: S101  # listed values have a count
    if not axis.is_whole:
        return np.clip(_ALONG[axis.scale](axis.low, axis.high, unit), axis.low, axis.high)
    return np.clip(np.floor(_ALONG[axis.scale](axis.low - 0.5, axis.high + 0.5, unit) + 0.5), axis.low, axis.high)


def places(unit: Floats, count: int) -> Places:
    """Places from 0 to below ``count``, each for an equal part of the numbers from 0 to below 1."""
    return np.minimum(unit * count, count - 1).astype(np.int64)


def _within(axis: RangeAxis, value: float) -> float:
    whole = float(math.floor(value + 0.5)) if axis.is_whole else value
    return min(max(whole, axis.low), axis.high)


def _linear(axis: RangeAxis, part: float) -> float:
    largest = max(abs(axis.low), abs(axis.high))
    # Adding 0 makes 0 of -0.
    return round(axis.low + part * (axis.high - axis.low), DIGITS - 1 - math.floor(math.log10(largest))) + 0.0


def _log(axis: RangeAxis, part: float) -> float:
    return _rounded(math.exp((1 - part) * math.log(axis.low) + part * math.log(axis.high)))


def _reverse_log(axis: RangeAxis, part: float) -> float:
    distance = math.exp((1 - part) * math.log(1 - axis.low) + part * math.log(1 - axis.high))
    return round(1 - _rounded(distance), DIGITS + 3)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


_BETWEEN: dict[str, Callable[[RangeAxis, float], float]] = {
    "linear": _linear,
    "log": _log,
    "reverse-log": _reverse_log,
}


def _linear_along(low: float, high: float, unit: Floats) -> Floats:
    return low + unit * (high - low)


def _log_along(low: float, high: float, unit: Floats) -> Floats:
    return np.exp(math.log(low) + unit * (math.log(high) - math.log(low)))


def _reverse_log_along(low: float, high: float, unit: Floats) -> Floats:
    return 1.0 - _log_along(1.0 - low, 1.0 - high, unit)


_ALONG: dict[str, Callable[[float, float, Floats], Floats]] = {
    "linear": _linear_along,
    "log": _log_along,
    "reverse-log": _reverse_log_along,
}
