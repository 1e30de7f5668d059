"""Values in groups: of each group the best, the median and others, for a million values at once."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Rule = Literal["best", "median", "mean", "worst"]
"""What stands for the values of a group, of which less is better. What is infinite counts: it is worse than all."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Values by group, each group from its best value to its worst.

    Attributes:
        counts: values of each group, shape [groups].
        ordered: the values, group by group, shape [values].
        places: where each of them stood; of equal values the first comes first.
        starts: where each group begins in these, shape [groups].
    """

    counts: Integers
    ordered: Floats
    places: Integers
    starts: Integers

    @classmethod
    def of(cls, groups: Integers, values: Floats, count: int) -> "Groups":
        """Put values into groups.

        Args:
            groups: number of the group of each value, shape [values]; negative ones are left out.
            values: of which less is better, shape [values]; infinite where diverged, NaN where there is none: left out.
            count: how many groups there are.
        """
        places = np.flatnonzero((groups >= 0) & ~np.isnan(values))
        own, found = groups[places], values[places]
        counts = np.bincount(own, minlength=count)
        order = np.lexsort((found, own)) if counts.max(initial=0) > 1 else np.argsort(own, kind="stable")
        return cls(counts, found[order], places[order], np.cumsum(counts) - counts)

    def by(self, rule: Rule) -> Floats:
        """What stands for each group; NaN for one without values. Shape [groups]."""
        match rule:
            case "best":
                return self._at(np.zeros_like(self.counts))
            case "worst":
                return self._at(self.counts - 1)
            case "median":
                return _halfway(self._at((self.counts - 1) // 2), self._at(self.counts // 2))
            case "mean":
                return self._means()

    @property
    def firsts(self) -> Integers:
        """Place of the best value of each group, the first of equals; -1 for a group without values."""
        if not len(self.places):
            return np.full(len(self.counts), -1)
        return np.where(self.counts > 0, self.places[self._clipped(self.starts)], -1)

    @property
    def finite(self) -> Integers:
        """Values of each group that are finite."""
        return np.bincount(self._owners, weights=np.isfinite(self.ordered), minlength=len(self.counts)).astype(np.int64)

    @property
    def _owners(self) -> Integers:
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def _at(self, offsets: Integers) -> Floats:
        if not len(self.ordered):
            return np.full(len(self.counts), np.nan)
        return np.where(self.counts > 0, self.ordered[self._clipped(self.starts + offsets)], np.nan)

    def _clipped(self, places: Integers) -> Integers:
        return np.clip(places, 0, len(self.ordered) - 1)

    def _means(self) -> Floats:
        sums = np.bincount(self._owners, weights=self.ordered, minlength=len(self.counts))
        return np.where(self.counts > 0, sums / np.maximum(self.counts, 1), np.nan)


def _halfway(low: Floats, high: Floats) -> Floats:
    """Between two values; next to an infinite one that is infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, 0.5 * low + 0.5 * high)
