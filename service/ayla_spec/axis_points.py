"""Points of an axis: by their place, where it has a number of points, or by a number from 0 to 1."""

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from ayla_spec.axes import DIGITS, Axis, RangeAxis, ValuesAxis

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def points(axis: Axis, places: Places) -> Floats:
    """The points of an axis at some places from 0, where it has a number of points; the same on every machine.

    Those of a range are rounded to ``DIGITS`` digits, so that the last bits of a logarithm change nothing.
    """
    if isinstance(axis, ValuesAxis):
        few = len(places) < axis.count
        return _floats(map(axis.values.__getitem__, places)) if few else _floats(axis.values)[places]
    last = (axis.count or 2) - 1
    found = _BETWEEN[axis.scale](axis, places / last)
    found = np.clip(np.floor(found + 0.5) if axis.is_whole else found, axis.low, axis.high)
    return np.where(places == 0, axis.low, np.where(places == last, axis.high, found))


def table(axis: Axis) -> Floats:
    """All points of an axis that has a number of them."""
    return points(axis, np.arange(axis.count or 0))


def drawn(axis: Axis, unit: Floats) -> Floats:
    """The points of an axis for numbers from 0 to below 1, each part of which stands for a part of the axis as long.

    Args:
        axis: with or without a number of points. Of whole numbers, each is as likely as its part of the scale.
        unit: the numbers.
    """
    if axis.count is not None:
        return points(axis, places(unit, axis.count))
    assert isinstance(axis, RangeAxis)  # noqa: S101  # listed values have a count
    if not axis.is_whole:
        return np.clip(_ALONG[axis.scale](axis.low, axis.high, unit), axis.low, axis.high)
    return np.clip(np.floor(_ALONG[axis.scale](axis.low - 0.5, axis.high + 0.5, unit) + 0.5), axis.low, axis.high)


def places(unit: Floats, count: int) -> Places:
    """Places from 0 to below ``count``, each for an equal part of the numbers from 0 to below 1."""
    return np.minimum(unit * count, count - 1).astype(np.int64)


def _floats(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)


def _linear(axis: RangeAxis, part: Floats) -> Floats:
    largest = _floats([max(abs(axis.low), abs(axis.high))])
    # Adding 0 makes 0 of -0.
    return _to_decimals(axis.low + part * (axis.high - axis.low), DIGITS - 1 - _exponents(largest)) + 0.0


def _log(axis: RangeAxis, part: Floats) -> Floats:
    return _rounded(np.exp((1 - part) * math.log(axis.low) + part * math.log(axis.high)))


def _reverse_log(axis: RangeAxis, part: Floats) -> Floats:
    distance = np.exp((1 - part) * math.log(1 - axis.low) + part * math.log(1 - axis.high))
    return _to_decimals(1 - _rounded(distance), np.array([DIGITS + 3]))


_BETWEEN: dict[str, Callable[[RangeAxis, Floats], Floats]] = {
    "linear": _linear,
    "log": _log,
    "reverse-log": _reverse_log,
}


def _rounded(values: Floats) -> Floats:
    """Each to ``DIGITS`` significant digits."""
    return _to_decimals(values, DIGITS - 1 - _exponents(values))


def _exponents(values: Floats) -> Places:
    """Powers of ten: 2 of 123.4. By looking them up, as a logarithm could be just below a whole number."""
    return np.searchsorted(_POWERS, values, side="right") - 1 - _MOST_DECIMALS


def _to_decimals(values: Floats, decimals: Places) -> Floats:
    """Each to so many decimals, of whole numbers divided by a power of ten: the number that one would write."""
    up = _POWERS[np.clip(decimals, 0, _MOST_DECIMALS) + _MOST_DECIMALS]
    down = _POWERS[np.clip(-decimals, 0, _MOST_DECIMALS) + _MOST_DECIMALS]
    with np.errstate(over="ignore"):
        raised = values * up
    # Numbers of so many decimals that those cannot be told are left as they are.
    return np.where(np.isfinite(raised), np.rint(raised / down) * down / up, values)


_MOST_DECIMALS = 307
_POWERS = _floats(float(f"1e{power}") for power in range(-_MOST_DECIMALS, _MOST_DECIMALS + 1))


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
