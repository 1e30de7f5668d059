"""Probability of improvement over problems (Agarwal et al. 2021, rliable), with an interval that needs no resampling.

On each problem it is the probability that a run of one setting has a lower value than an independent run of the other,
ties counting half: the Mann-Whitney statistic divided by the number of pairs of runs. Over problems it is the mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.student_t import central_quantile

MOST_INFORMATION = 2
"""One seed tells at most as much as so many throws of a coin."""

Floats = npt.NDArray[np.float64]
Pairs = Sequence[tuple[float, float]]
"""Values of the setting and of the other one by seed; less is better."""


def probability_of_improvement(problems: Sequence[Pairs]) -> float:
    """Mean over the problems, each with at least one pair."""
    return math.fsum(_win_share(pairs).mean for pairs in problems) / len(problems)


def improvement_interval(problems: Sequence[Pairs], confidence: float) -> tuple[float, float]:
    """Interval of the probability of improvement; at least two pairs on each problem.

    The intervals of the problems are combined by their distances from the estimates, ``sqrt(Σ d²)/problems`` (Zou &
    Donner 2008). That of a problem is Wilson's with Student's t, for as many throws of a coin as vary as much as the
    Mann-Whitney statistic of pairs does (DeLong et al. 1988). So it ends inside (0, 1) where one setting always won.
    """
    low = high = mean = 0.0
    for pairs in problems:
        found = _win_share(pairs)
        lower, upper = _wilson(found.mean, found.throws, central_quantile(confidence, len(pairs) - 1))
        mean += found.mean
        low, high = low + (found.mean - lower) ** 2, high + (upper - found.mean) ** 2
    count = len(problems)
    return max(0.0, (mean - math.sqrt(low)) / count), min(1.0, (mean + math.sqrt(high)) / count)


@dataclass(frozen=True, slots=True)
class _WinShare:
    """Share of the pairs of runs that the first setting won.

    Attributes:
        mean: over all n² pairs.
        throws: how many throws of a coin with that probability vary as much.
    """

    mean: float
    throws: float


def _win_share(pairs: Pairs) -> _WinShare:
    ours, base = np.array(pairs, dtype=np.float64).T
    wins, losses = _below(ours, base), _below(base, ours)
    mean = float(wins.mean())
    count = len(ours)
    variance = float((wins + 1 - losses).var(ddof=1)) / count if count > 1 else 0.0
    throws = mean * (1 - mean) / variance if variance > 0 else count
    return _WinShare(mean, min(max(throws, 1.0), MOST_INFORMATION * count))


def _below(values: Floats, others: Floats) -> Floats:
    """For each value the share of the others that are above it, equal ones counting half; shape [values]."""
    sample = np.sort(others)
    at_most, less = np.searchsorted(sample, values, "right"), np.searchsorted(sample, values, "left")
    return 1 - (at_most + less) / (2 * len(others))


def _wilson(share: float, throws: float, t: float) -> tuple[float, float]:
    """Wilson's interval (1927) of a share after so many throws, with t for the normal quantile."""
    spread = t * t / throws
    middle = share + spread / 2
    half = math.sqrt(spread * share * (1 - share) + spread * spread / 4)
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)
