"""Medians and quantiles of values of which some are infinite: what diverged, or never reached its target."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Numbers = Sequence[float] | Values


def ordered(values: Numbers) -> Values:
    """The values from the lowest to the highest, infinite ones at the ends."""
    return np.sort(np.asarray(values, dtype=np.float64))


def quantile(values: Values, share: float) -> float:
    """The quantile of ordered values, by linear interpolation between the two next to it.

    Between a number and an infinite value lies that infinite value; between -inf and inf lies nothing: NaN.

    Args:
        values: ordered, at least one, shape [values].
        share: in [0, 1]; 0.5 for the median.
    """
    place = share * (len(values) - 1)
    below = math.floor(place)
    weight = place - below
    low = float(values[below])
    high = float(values[min(below + 1, len(values) - 1)])
    if weight == 0 or low == high:
        return low
    return (1 - weight) * low + weight * high


def medians(values: Values, groups: npt.NDArray[np.int64], count: int) -> Values:
    """The median of each group of values; NaN for a group without any.

    Args:
        values: of all groups, shape [values].
        groups: the number of the group of each, shape [values].
        count: how many groups there are.

    Returns:
        Shape [count].
    """
    order = np.lexsort((values, groups))
    sorted_values, sizes = values[order], np.bincount(groups, minlength=count)
    first = np.cumsum(sizes) - sizes
    found = np.full(count, np.nan)
    has = sizes > 0
    low, high = (sorted_values[first[has] + (sizes[has] - 1 + odd) // 2] for odd in (0, 1))
    with np.errstate(invalid="ignore"):  # between -inf and inf lies nothing
        found[has] = np.where(low == high, low, 0.5 * low + 0.5 * high)
    return found


def median(values: Numbers) -> float:
    """The middle one of at least one value, or half way between the two middle ones."""
    return quantile(ordered(values), 0.5)
