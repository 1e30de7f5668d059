"""How a number spreads over the seeds of a setting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.comparison.bootstrap import fewest_for, median_interval
from ayla_service.trials.quantiles import ordered, quantile

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Order statistics of at least one value, of which some can be infinite.

    Attributes:
        values: how many there are.
        finite: how many of them are finite.
        interval: of the median, by the percentile bootstrap; an end can be infinite. None where there can be none.
        no_interval: why there is none.
    """

    values: int
    finite: int
    median: float
    lower_quartile: float
    upper_quartile: float
    min: float
    max: float
    interval: Interval | None
    no_interval: str | None

    @classmethod
    def of(cls, values: Sequence[float], confidence: float) -> "Spread":
        """The spread of the values of independent runs."""
        sample = ordered(values)
        reason = too_few(len(sample), confidence, "runs")
        return cls(
            values=len(sample),
            finite=int(np.isfinite(sample).sum()),
            median=quantile(sample, 0.5),
            lower_quartile=quantile(sample, 0.25),
            upper_quartile=quantile(sample, 0.75),
            min=float(sample[0]),
            max=float(sample[-1]),
            interval=None if reason else median_interval(values, confidence),
            no_interval=reason,
        )


def too_few(count: int, confidence: float, what: str) -> str | None:
    """Why so few values have no interval of this confidence; None if there are enough of them."""
    fewest = fewest_for(confidence)
    return f"fewer than {fewest} {what} cannot carry one of {percent(confidence)}" if count < fewest else None


def percent(confidence: float) -> str:
    """A confidence in words, such as 95 %."""
    return f"{100 * confidence:g} %"
