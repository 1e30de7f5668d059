"""Medians over seeds with exact intervals, from order statistics alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class MedianInterval:
    """The median of some values, and an interval of the median of all values that there might be.

    Attributes:
        median: of the values.
        low: lower end of the interval.
        high: upper end.
        coverage: probability that such an interval contains the median, whatever the distribution.
    """

    median: float
    low: float
    high: float
    coverage: float

    def __str__(self) -> str:
        return f"{self.median + 0.0:.4g} [{self.low + 0.0:.4g}, {self.high + 0.0:.4g}]"


def median_interval(values: Sequence[float]) -> MedianInterval:
    """The shortest symmetric interval of order statistics with 95 % coverage; the widest where few values reach less.

    The k-th lowest and k-th highest of n values contain the median with probability 1 - 2·P(B < k), B binomial with n
    and ½.
    """
    ordered, count = sorted(values), len(values)
    rank = next((rank for rank in range(count // 2, 1, -1) if _coverage(count, rank) >= CONFIDENCE), 1)
    return MedianInterval(statistics.median(ordered), ordered[rank - 1], ordered[-rank], _coverage(count, rank))


def _coverage(count: int, rank: int) -> float:
    """Of the interval from the ``rank``-th lowest to the ``rank``-th highest; 0 of a single value."""
    below = sum(math.comb(count, smaller) for smaller in range(rank))
    return max(0.0, 1 - 2 * below / float(2**count))
