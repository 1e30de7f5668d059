"""ECDF of run times over many targets: the share of problems, seeds and targets reached within so much of a cost."""

import math

import numpy as np
import numpy.typing as npt

from ayla_service.comparison.profile_schemas import EcdfCurve

MOST_PLACES = 500
"""Of one curve."""

MOST_PLACES_TOGETHER = 100_000
"""Of all curves of an answer."""

LEAST_PLACES = 20

Floats = npt.NDArray[np.float64]


def ecdf(costs: Floats, weights: Floats, begin: float, end: float, optimizers: int = 1) -> EcdfCurve:
    """The curve of one optimizer.

    Args:
        costs: at which each target is reached, infinite where it is not, shape [instances, targets].
        weights: of the instances, shape [instances]; their sum is 1.
        begin: the cost of one step at the least, above 0.
        end: the largest budget, at which the curve ends.
        optimizers: how many curves the answer has, among which the places are divided.
    """
    found = costs.ravel()
    each = np.repeat(weights / costs.shape[1], costs.shape[1])
    places, shares = growing(found, each)
    kept = _kept(len(places), max(LEAST_PLACES, min(MOST_PLACES, MOST_PLACES_TOGETHER // optimizers)))
    within = np.clip(found, begin, end)
    orders = math.log(end / begin) if end > begin else math.inf
    return EcdfCurve(
        cost=[places[place] for place in kept],
        share=[shares[place] for place in kept],
        reached=shares[-1] if shares else 0.0,
        area=rounded(float(each @ (1 - within / end))),
        log_area=rounded(float(each @ (1 - np.log(within / begin) / orders))),
    )


def growing(values: Floats, weights: Floats) -> tuple[list[float], list[float]]:
    """A step function: the finite values in order, and the weight of the values up to each of them."""
    finite = np.isfinite(values)
    places, group = np.unique(values[finite], return_inverse=True)
    shares = np.cumsum(np.bincount(group, weights[finite], len(places)))
    return places.tolist(), [rounded(share) for share in shares.tolist()]


def rounded(share: float) -> float:
    """A sum of weights without the last digits, which are rounding errors."""
    return min(1.0, max(0.0, round(share, 12)))


def _kept(count: int, most: int) -> list[int]:
    """Places of a curve that are told: all, or so many of them with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})
