"""Significance tests on paired differences: sign test, Wilcoxon's signed-rank test, Holm's correction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EXACT_UP_TO = 50
"""Pairs up to which the signed-rank test counts every assignment of signs."""


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Wilcoxon's signed-rank test of whether differences lie around zero.

    Attributes:
        pairs: how many differences are not zero.
        statistic: sum of the ranks of the negative differences.
        p_value: two-sided.
        exact: whether it is counted out; else by the normal approximation.
    """

    pairs: int
    statistic: float
    p_value: float
    exact: bool


def sign_test(wins: int, losses: int) -> float:
    """Exact two-sided p-value of the sign test; ties are left out beforehand.

    The probability that a fair coin thrown ``wins + losses`` times comes out at least this uneven.
    """
    throws = wins + losses
    tail = sum(math.comb(throws, count) for count in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << throws))


def signed_rank(differences: Sequence[float]) -> SignedRank:
    """Wilcoxon's signed-rank test; zeros are left out, as he did, and equal sizes share the mean of their ranks.

    Infinite differences have the highest rank. Exact up to 50 pairs, also with equal sizes; above by the normal
    approximation with the correction for ties, without one for continuity.
    """
    signed = np.asarray(differences, dtype=np.float64)
    signed = signed[signed != 0]
    doubled, ties = _doubled_ranks(np.abs(signed))
    statistic = int(doubled[signed < 0].sum())
    exact = len(signed) <= EXACT_UP_TO
    p_value = _counted(doubled, statistic) if exact else _approximated(ties, statistic / 2, len(signed))
    return SignedRank(len(signed), statistic / 2, p_value, exact)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values: rejecting those below α errs anywhere with probability α at most."""
    adjusted, highest = [1.0] * len(p_values), 0.0
    for done, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def _doubled_ranks(sizes: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Twice the mean rank of each, which is whole, and how many share each rank."""
    _, group, count = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (2 * last - count + 1)[group].astype(np.int64), count.astype(np.int64)


def _counted(doubled: npt.NDArray[np.int64], statistic: int) -> float:
    """From the distribution of the rank sum over all 2^n signs, built up rank by rank."""
    chances = np.ones(1)
    for rank in doubled:
        with_it = np.zeros(len(chances) + rank)
        with_it[rank:] = chances
        with_it[: len(chances)] += chances
        chances = with_it / 2
    return min(1.0, 2 * float(min(chances[: statistic + 1].sum(), chances[statistic:].sum())))


def _approximated(ties: npt.NDArray[np.int64], statistic: float, pairs: int) -> float:
    mean = pairs * (pairs + 1) / 4
    variance = pairs * (pairs + 1) * (2 * pairs + 1) / 24 - float((ties**3 - ties).sum()) / 48
    return math.erfc(abs(statistic - mean) / math.sqrt(2 * variance))
