"""Distribution of a number over independent runs: order statistics, and the exact interval of the median.

The interval lies between two of the values (Thompson 1936; Conover 1999, section 3.2). How often such an interval
covers the median follows from the binomial distribution alone, whatever the distribution of the values.
"""

import itertools
from functools import lru_cache

import numpy as np

from ayla_service.comparison.schemas import ConfidenceInterval, Distribution
from ayla_service.trials.quantiles import Numbers, ordered, quantile


def distribution(values: Numbers, confidence: float, *, more_is_better: bool = False) -> Distribution:
    """The order statistics of at least one value, of independent runs; some can be infinite."""
    sample = ordered(values)
    return Distribution(
        values=len(sample),
        finite=int(np.isfinite(sample).sum()),
        median=quantile(sample, 0.5),
        lower_quartile=quantile(sample, 0.25),
        upper_quartile=quantile(sample, 0.75),
        min=float(sample[0]),
        max=float(sample[-1]),
        interval=median_interval(values, confidence),
        no_interval=too_few(len(sample), confidence, "runs"),
        more_is_better=more_is_better,
    )


def too_few(count: int, confidence: float, what: str) -> str | None:
    """Why so few values have no interval of this confidence; None if there are enough of them."""
    fewest = fewest_for(confidence)
    return f"fewer than {fewest} {what} cannot carry one of {percent(confidence)}" if count < fewest else None


def percent(confidence: float) -> str:
    """A confidence in words, such as 95 %."""
    return f"{100 * confidence:g} %"


def fewest_for(confidence: float) -> int:
    """How many values an interval of this confidence takes at least: six for 95 %."""
    return next(count for count in itertools.count(2) if interval_rank(count, confidence)[0])


def median_interval(values: Numbers, confidence: float) -> ConfidenceInterval | None:
    """Interval of the median between two of the values; None where there are too few of them.

    It is the shortest ``[x[r], x[n + 1 - r]]`` of the n ordered values whose coverage is at least the confidence.
    Infinite values are values like others, so an end can be infinite.
    """
    sample = ordered(values)
    rank, coverage = interval_rank(len(sample), confidence)
    if not rank:
        return None
    return ConfidenceInterval.of(float(sample[rank - 1]), float(sample[-rank]), coverage)


@lru_cache(maxsize=1024)
def interval_rank(count: int, confidence: float) -> tuple[int, float]:
    """The highest rank r of which ``[x[r], x[n + 1 - r]]`` covers the median often enough, and how often it does.

    The median lies outside if fewer than r of the n values are on one of its sides: a coin thrown n times, so the
    coverage is ``1 - 2 P(Binomial(n, 1/2) < r)`` for continuous values, and no less for others. Rank 0 if even the
    whole range covers it too rarely.

    Args:
        count: n, at least 1.
        confidence: the lowest coverage, in (0, 1).
    """
    found, outside, ways = (0, 0.0), 0, 1
    for rank in range(1, count // 2 + 1):
        outside += ways  # of the 2^n throws, those with fewer than ``rank`` heads
        coverage = ((1 << count) - 2 * outside) / (1 << count)
        if coverage < confidence:
            break
        found, ways = (rank, coverage), ways * (count + 1 - rank) // rank
    return found
