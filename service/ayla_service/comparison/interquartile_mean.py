"""Interquartile mean (IQM) over problems and seeds, with a stratified bootstrap interval (Agarwal et al. 2021).

The values of all problems are pooled, a quarter of them is cut off at each end, and the rest is averaged. Every problem
weighs the same. Resamples draw seeds within each problem, so the interval is about other seeds on these problems.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.student_t import central_quantile
from ayla_service.trials.quantiles import ordered, quantile

DRAWS = 4000
"""Resamples."""

_KEY = 20211127
_NUMBERS_AT_ONCE = 1 << 16
_ROUNDING = 1e-12

Floats = npt.NDArray[np.float64]
Strata = Sequence[Sequence[float]]
"""Values by problem, at least one of each; some can be infinite."""


def interquartile_mean(strata: Strata) -> float:
    """The mean of the middle half; infinite where more than a quarter of the values is.

    Of N values, ⌊N/4⌋ are cut off at each end, as ``scipy.stats.trim_mean`` does. Where problems have different
    numbers of values, that share of the weight is cut off, of which every problem has the same.
    """
    pool = _Pool(strata)
    return float(pool.means(np.ones((1, len(pool.values))))[0])


def bootstrap_interval(strata: Strata, confidence: float) -> tuple[float, float] | None:
    """Percentile interval of the interquartile mean, widened for few seeds; None if it needs more resamples.

    A resample of n values varies too little, by ``sqrt((n-1)/n)``, and as a normal distribution does, not as Student's
    t. So the tails that are cut off are ``Φ(-t·sqrt(n/(n-1)))`` instead of ``(1 - confidence)/2``, with the n of the
    problem that has the fewest values (Hesterberg 2015, the expanded percentile interval).

    The same values give the same interval, in whatever order they and the problems come.
    """
    fewest = min(map(len, strata))
    if fewest < 2:
        return None
    widening = central_quantile(confidence, fewest - 1) * math.sqrt(fewest / (fewest - 1))
    tail = NormalDist().cdf(-widening)
    if tail * DRAWS < 1:
        return None
    means = ordered(_Pool(strata).resampled().tolist())
    return quantile(means, tail), quantile(means, 1 - tail)


class _Pool:
    """The values of all problems in one order.

    Attributes:
        values: from the lowest to the highest, shape [values].
        weights: of each, shape [values]; their sum is 1.
        places: of each problem's values in that order.
    """

    def __init__(self, strata: Strata) -> None:
        problems = sorted(sorted(values) for values in strata)
        pooled = np.array([value for values in problems for value in values])
        sizes = np.array([len(values) for values in problems])
        order = np.argsort(pooled, kind="stable")
        self.values: Floats = pooled[order]
        self.weights: Floats = np.repeat(1 / (sizes * len(sizes)), sizes)[order]
        self.places = np.split(np.argsort(order, kind="stable"), np.cumsum(sizes)[:-1])

    def means(self, counts: Floats) -> Floats:
        """Interquartile means of samples that have each value so many times, shape [samples, values] to [samples]."""
        cut = len(self.values) // 4 / len(self.values)
        upto = np.cumsum(counts * self.weights, axis=1)
        np.clip(upto, cut, 1 - cut, out=upto)
        kept = np.diff(upto, axis=1, prepend=cut)
        finite = np.isfinite(self.values)
        found: Floats = kept @ np.where(finite, self.values, 0.0) / (1 - 2 * cut)
        with np.errstate(invalid="ignore"):  # both infinities have no mean: NaN
            for infinity in set(self.values[~finite].tolist()):
                found[kept[:, self.values == infinity].sum(axis=1) > _ROUNDING] += infinity
        return found

    def resampled(self) -> Floats:
        """Interquartile means of the resamples, shape [draws]."""
        bits = np.random.Philox(key=_KEY)
        size = max(1, _NUMBERS_AT_ONCE // len(self.values))
        chunks = [min(size, DRAWS - start) for start in range(0, DRAWS, size)]
        return np.concatenate([self.means(self._counts(draws, bits)) for draws in chunks])

    def _counts(self, draws: int, bits: np.random.Philox) -> Floats:
        """How often each value is drawn, shape [draws, values]."""
        rows = len(self.values) * np.arange(draws)[:, None]
        drawn = [(rows + places[_below(len(places), draws, bits)]).ravel() for places in self.places]
        counts = np.bincount(np.concatenate(drawn), minlength=draws * len(self.values))
        return counts.reshape(draws, -1).astype(np.float64)


def _below(count: int, draws: int, bits: np.random.Philox) -> npt.NDArray[np.int64]:
    """Whole numbers below ``count`` of equal chance, shape [draws, count], by a mapping that NumPy cannot change.

    The upper 32 of every 64 random bits are a share of 2^32; the product with ``count`` rounded down is the number.
    """
    numbers = bits.random_raw(draws * count).reshape(draws, count)
    numbers >>= np.uint64(32)
    numbers *= np.uint64(count)
    numbers >>= np.uint64(32)
    return numbers.view(np.int64)
