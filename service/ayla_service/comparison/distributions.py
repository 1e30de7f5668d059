"""Distribution of a number over independent runs: order statistics, and the interval of the median.

The interval is a percentile bootstrap (Efron 1979): how far the median moves when the runs are drawn anew.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.schemas import ConfidenceInterval, Distribution
from ayla_service.trials.quantiles import ordered, quantile

RESAMPLES = 10_000

_SEED = 0

Places = npt.NDArray[np.int64]


def distribution(values: Sequence[float], confidence: float) -> Distribution:
    """The order statistics of at least one value, of independent runs; some can be infinite."""
    sample = ordered(values)
    reason = too_few(len(sample), confidence, "runs")
    return Distribution(
        values=len(sample),
        finite=int(np.isfinite(sample).sum()),
        median=quantile(sample, 0.5),
        lower_quartile=quantile(sample, 0.25),
        upper_quartile=quantile(sample, 0.75),
        min=float(sample[0]),
        max=float(sample[-1]),
        interval=None if reason else interval_of(values, confidence),
        no_interval=reason,
    )


def interval_of(values: Sequence[float], confidence: float) -> ConfidenceInterval:
    """The interval of the median, by the percentile bootstrap; an end can be infinite."""
    low, high = median_interval(values, confidence)
    return ConfidenceInterval(low=low, high=high)


def too_few(count: int, confidence: float, what: str) -> str | None:
    """Why so few values have no interval of this confidence; None if there are enough of them."""
    fewest = fewest_for(confidence)
    return f"fewer than {fewest} {what} cannot carry one of {percent(confidence)}" if count < fewest else None


def percent(confidence: float) -> str:
    """A confidence in words, such as 95 %."""
    return f"{100 * confidence:g} %"


def fewest_for(confidence: float) -> int:
    """How many values an interval of this confidence takes at least.

    The whole range of n values holds the true median with probability 1 - 2^(1-n); no interval within fewer can be
    one of this confidence. Six for 95 %.
    """
    count = 2
    while 1 - 2.0 ** (1 - count) < confidence:
        count += 1
    return count


def median_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Interval of the median of at least one value; the same values in any order always give the same interval.

    Infinite values are values like others, so an end can be infinite. A resample whose median lies between -inf and
    inf counts as the one for the lower end and as the other for the upper end.
    """
    sample = ordered(values)
    lower, upper = (sample[places] for places in _middle_places(len(sample)))
    with np.errstate(invalid="ignore"):
        medians = np.where(lower == upper, lower, 0.5 * lower + 0.5 * upper)
    outside = int((1 - confidence) / 2 * RESAMPLES)
    low = np.partition(np.where(np.isnan(medians), -math.inf, medians), outside)[outside]
    high = np.partition(np.where(np.isnan(medians), math.inf, medians), RESAMPLES - 1 - outside)
    return float(low), float(high[RESAMPLES - 1 - outside])


@lru_cache(maxsize=128)
def _middle_places(count: int) -> tuple[Places, Places]:
    """Which of ``count`` ordered values are the middle two of each resample; the same one twice if it is odd.

    A resample draws ``count`` places by uniform numbers, and its k-th lowest place comes from the k-th lowest of
    these, which is Beta(k, count + 1 - k): two draws in the stead of ``count``. The next lowest is the least of those
    left, uniform above it.
    """
    generator = np.random.default_rng([_SEED, count])
    middle = (count + 1) // 2
    lower = generator.beta(middle, count + 1 - middle, RESAMPLES)
    if count % 2:
        return _places(lower, count), _places(lower, count)
    left_over = 1 - generator.random(RESAMPLES) ** (1 / (count - middle))
    return _places(lower, count), _places(lower + (1 - lower) * left_over, count)


def _places(uniform: npt.NDArray[np.float64], count: int) -> Places:
    return np.minimum((uniform * count).astype(np.int64), count - 1)
