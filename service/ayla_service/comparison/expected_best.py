"""Expected best of k settings: what tuning with a budget of k settings brings (Dodge et al. 2019), without resampling.

Of m settings, k are drawn without replacement; every draw is equally likely. With the values in order, the best one is
the i-th with probability ``C(m-i, k-1) / C(m, k)``.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.sensitivity_schemas import BestOfSettings
from ayla_service.trials.quantiles import ordered

MOST_POINTS = 100
"""Sizes k of one curve; of more settings than that, k grows by equal factors."""

_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]


def expected_best(values: Sequence[float], confidence: float = 0.95) -> list[BestOfSettings]:
    """The best of k settings for every k from 1 to all of them; at most 100 sizes.

    Args:
        values: of every setting (its median over the seeds), of which less is better; ``math.inf`` if it diverged.
        confidence: share of the draws that the band holds at least.
    """
    sample = ordered(values)
    return [_best_of(sample, size, confidence) for size in sizes(len(sample))]


def sizes(settings: int) -> list[int]:
    """The numbers k of which the best is told: all if they are few, else the first and the last and some between."""
    if settings <= MOST_POINTS:
        return list(range(1, settings + 1))
    return sorted({round(settings ** (place / (MOST_POINTS - 1))) for place in range(MOST_POINTS)})


def _best_of(sample: Values, k: int, confidence: float) -> BestOfSettings:
    weights = best_of_weights(len(sample), k)
    upto = np.cumsum(weights)
    tail = (1 - confidence) / 2
    finite = np.isfinite(sample)
    return BestOfSettings(
        k=k,
        expected=_mean(sample, weights),
        median=_quantile(sample, upto, 0.5),
        low=_quantile(sample, upto, tail),
        high=_quantile(sample, upto, 1 - tail),
        nothing_finite=float(weights[~finite].sum()),
    )


def best_of_weights(count: int, k: int) -> Values:
    """Probability of each of the ordered values to be the best of k: ``w[1] = k/m``, and so on by a ratio.

    ``w[i+1] / w[i] = (m - i - k + 1) / (m - i)``, which is 0 after the (m - k + 1)-th value.
    """
    place = np.arange(1, count)
    ratios = np.maximum(count - place - k + 1, 0) / (count - place)
    return k / count * np.cumprod(np.concatenate([np.ones(1), ratios]))


def _mean(sample: Values, weights: Values) -> float:
    drawn = weights > 0
    if not np.isfinite(sample[drawn]).all():
        return math.inf
    return math.fsum((sample[drawn] * weights[drawn]).tolist())


def _quantile(sample: Values, upto: Values, share: float) -> float:
    """The lowest value up to which the probability is at least the share."""
    return float(sample[min(int(np.searchsorted(upto, share - _ROUNDING)), len(sample) - 1)])
