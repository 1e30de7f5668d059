"""Distribution of a number over the seeds of a setting: order statistics and the interval of the median."""

from collections.abc import Sequence

import numpy as np

from ayla_service.comparison.bootstrap import fewest_for, median_interval
from ayla_service.comparison.schemas import ConfidenceInterval, Distribution
from ayla_service.trials.quantiles import ordered, quantile


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
