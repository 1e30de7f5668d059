"""Many targets of one trial (COCO, Hansen et al. 2021; IOHprofiler, Doerr et al. 2018): when each is reached first.

Without targets of the user's there are 50 on a problem and seed: ``o + (f - o)·q^k`` with k = 1 to 50, from the first
value f to the best value b of all optimizers there, at equal factors of the distance from o. That is the least possible
value where it is known (the minimum of an expression, 0 errors), else 0 where b is not negative, else b itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

TARGETS = 50

SMALLEST_SHARE = 1e-8
"""Of the distance from the first value, down to which targets go where the least possible value is (nearly) reached."""

SMALLEST_SHARE_OF_BEST = 0.01
"""Likewise where distances are from the best value, which is no bound."""

Column = npt.NDArray[np.float64]


def spread(first: float, best: float, least: float | None) -> Column:
    """The targets between the first and the best value, from the easiest to the hardest; less is better.

    Args:
        first: where the trial begins; equal for all optimizers.
        best: of all optimizers. Where one of the two is not finite, nothing can be reached.
        least: the least possible value; None if it is not known.
    """
    if not math.isfinite(first - best):
        return np.full(TARGETS, -math.inf)
    if best >= first:
        return np.full(TARGETS, first)
    is_bound = least is not None or best >= 0
    offset = best if not is_bound else min(best, 0.0 if least is None else least)
    smallest = SMALLEST_SHARE if is_bound else SMALLEST_SHARE_OF_BEST
    share = max((best - offset) / (first - offset), smallest) ** (np.arange(1, TARGETS + 1) / TARGETS)
    return np.maximum(offset + (first - offset) * share, best)


@dataclass(slots=True)
class Hits:
    """When one trial reaches each of its targets first, as far as it has been read; less is better.

    Attributes:
        best: of all trials with the same targets.
        least: the least possible value; None if it is not known.
        goals: from the easiest to the hardest, shape [targets]; None: they follow from the first value.
        steps: of the first row at or below each goal that was reached, in their order.
    """

    best: float
    least: float | None = None
    goals: Column | None = None
    steps: list[float] = field(default_factory=list)

    def add(self, steps: Column, values: Column) -> None:
        """The next rows, at least one; what is not finite reaches nothing."""
        if self.goals is None:
            self.goals = spread(float(values[0]), self.best, self.least)
        left = self.goals[len(self.steps) :]
        if not len(left):
            return
        so_far = np.minimum.accumulate(np.where(np.isfinite(values), values, math.inf))
        if so_far[-1] > left[0]:
            return
        places = np.searchsorted(-so_far, -left)
        self.steps += steps[places[places < len(steps)]].tolist()

    def all(self) -> tuple[float, ...]:
        """The step at which each target is reached first, infinite for those that are not."""
        count = TARGETS if self.goals is None else len(self.goals)
        return (*self.steps, *[math.inf] * (count - len(self.steps)))


def from_easiest(targets: Sequence[float]) -> Column:
    """Targets of which less is better, in the order in which they are reached."""
    return np.sort(np.asarray(targets, dtype=np.float64))[::-1]
