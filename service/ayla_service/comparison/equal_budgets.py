"""Arms with unequal budgets, had the larger one been tuned over as few settings as the other.

Of the settings of the larger arm, as many as the other arm has are drawn at random, without replacement; the best of
them on the tuning seeds is compared on the confirmation seeds. All draws are counted, none is made.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ayla_service.comparison.expected_best import best_of_weights
from ayla_service.comparison.metrics import is_to_target, why_not
from ayla_service.comparison.pairs import on_common_seeds
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting
from ayla_service.comparison.significance import sign_test
from ayla_service.comparison.tuning import TunedArm
from ayla_service.trials.quantiles import median

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class EvenDraws:
    """One arm against another on one problem, each tuned over the same number of settings.

    Attributes:
        settings: how many.
        better: share of the draws in which the arm has the better median over the confirmation seeds.
        worse: likewise the worse one.
        equal: likewise the same.
        unknown: share of the draws that select a setting without a common result on the confirmation seeds.
    """

    settings: int
    better: float
    worse: float
    equal: float
    unknown: float

    @property
    def sign(self) -> int | None:
        """1 if the arm is better in more draws than it is worse, -1 if worse, 0 if as often; None if unknown."""
        lead = self.better - self.worse
        if abs(lead) <= self.unknown + _ROUNDING:
            return None if self.unknown > _ROUNDING else 0
        return 1 if lead > 0 else -1


@dataclass(frozen=True, slots=True)
class EvenProblems:
    """On how many problems an arm is better in more draws, on how many worse.

    Attributes:
        settings: numbers of settings that each arm is tuned over, one for each problem.
        wins: problems on which it is better in more draws than worse.
        losses: likewise worse.
        ties: likewise as often.
        unknown: problems of which too little was run on the confirmation seeds.
        p_value: of the exact two-sided sign test, not corrected; None with fewer than two problems.
    """

    settings: list[int]
    wins: int
    losses: int
    ties: int
    unknown: int
    p_value: float | None


def even_draws(problem: ComparedProblem, ours: TunedArm, base: TunedArm) -> EvenDraws | None:
    """The two arms with equal budgets; None where they are equal as it is, or where one has none.

    Args:
        problem: what it is compared by.
        ours: the arm.
        base: what it is compared with.
    """
    if ours.budget == base.budget or ours.selected is None or base.selected is None:
        return None
    if why_not(problem, problem.metric) is not None:
        return None
    is_larger = ours.budget > base.budget
    larger, smaller = (ours, base) if is_larger else (base, ours)
    shares = {1: 0.0, -1: 0.0, 0: 0.0, None: 0.0}
    for setting, weight in _drawn(larger, smaller.budget):
        sign = _sign(problem, setting, smaller.confirmation)
        shares[sign if sign is None or is_larger else -sign] += weight
    return EvenDraws(smaller.budget, shares[1], shares[-1], shares[0], shares[None])


def over_even_problems(draws: Sequence[EvenDraws]) -> EvenProblems | None:
    """The draws of several problems together; None without any."""
    if not draws:
        return None
    signs = [one.sign for one in draws]
    wins, losses = signs.count(1), signs.count(-1)
    p_value = sign_test(wins, losses) if wins + losses + signs.count(0) > 1 else None
    return EvenProblems([one.settings for one in draws], wins, losses, signs.count(0), signs.count(None), p_value)


def _drawn(arm: TunedArm, count: int) -> list[tuple[ComparedSetting, float]]:
    """The settings that can be the best of so many, with the probability of each; of equals the first is selected."""
    different = [one for one in arm.tried if one.counts]
    ordered = sorted(different, key=lambda one: one.rank or 0)
    weights = best_of_weights(len(ordered), count).tolist()
    return [(one.setting, weight) for one, weight in zip(ordered, weights, strict=True) if weight]


def _sign(problem: ComparedProblem, setting: ComparedSetting, other: ComparedSetting) -> int | None:
    """1 if the setting has the better median over the confirmation seeds of both, -1 if the other has; None without."""
    both = [side.values(problem.metric) for side in on_common_seeds(setting.runs, other.runs)]
    recorded = ~np.isnan(both[0]) & ~np.isnan(both[1])
    if not recorded.any():
        return None
    ours, theirs = median(both[0][recorded]), median(both[1][recorded])
    if is_to_target(problem.metric) and ours == theirs == math.inf:
        return None
    return (ours < theirs) - (ours > theirs)
