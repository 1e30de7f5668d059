"""The few statistics a comparison needs, in plain Python."""

import math
import random
from collections.abc import Sequence
from statistics import median

FEWEST_FOR_INTERVAL = 6
"""The whole range of n values, from the lowest to the highest, holds the true median with probability 1 - 2^(1-n):
below 95 % up to n = 5. No interval within so few values can be one of 95 %."""


def sign_test(wins: int, losses: int) -> float:
    """Exact two-sided p-value of the sign test; ties are left out beforehand.

    The probability that a fair coin thrown ``wins + losses`` times comes out at least this uneven.
    """
    throws = wins + losses
    tail = sum(math.comb(throws, count) for count in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << throws))


def bootstrap_median(
    values: Sequence[float], *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the median; the same values always give the same interval.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    generator = random.Random(seed)  # noqa: S311 - resampling, not a secret
    medians = sorted(median(generator.choices(values, k=len(values))) for _ in range(resamples))
    outside = int((1 - confidence) / 2 * resamples)
    return medians[outside], medians[resamples - 1 - outside]
