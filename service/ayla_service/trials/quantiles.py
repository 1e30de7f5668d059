"""Medians and quantiles of values of which some are infinite: what diverged, or never reached its target."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def ordered(values: Sequence[float]) -> Values:
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


def median(values: Sequence[float]) -> float:
    """The middle one of at least one value, or half way between the two middle ones."""
    return quantile(ordered(values), 0.5)
