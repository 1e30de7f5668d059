"""What a study could have detected: the exact sign test over problems, after Holm's correction."""

from __future__ import annotations

import math
from dataclasses import dataclass

CHANCES = (0.6, 0.7, 0.8, 0.9)
"""Probabilities of winning on a problem for which the power is told."""


@dataclass(frozen=True, slots=True)
class Detectable:
    """What the sign test over problems can tell from chance.

    Attributes:
        problems: without ties.
        tests: in Holm's correction, of which at worst none of the others is significant.
        level: below which a p-value after the correction counts.
        least_wins: problems that an arm has to win at least; None: not even all of them suffice.
        power: for each probability of winning on a problem, that of being called better.
    """

    problems: int
    tests: int
    level: float
    least_wins: int | None
    power: dict[float, float]


def detectable(problems: int, tests: int, level: float) -> Detectable:
    """What can be told from chance at worst, where no other test of the family is significant.

    Args:
        problems: how many the arms are compared on.
        tests: comparisons of arms in the family.
        level: of the corrected test, such as 0.05.
    """
    needed = next(
        (
            wins
            for wins in range(problems // 2 + 1, problems + 1)
            if tests * min(1.0, 2 * _at_least(wins, problems, 0.5)) < level
        ),
        None,
    )
    power = {chance: 0.0 if needed is None else _at_least(needed, problems, chance) for chance in CHANCES}
    return Detectable(problems, tests, level, needed, power)


def _at_least(wins: int, problems: int, chance: float) -> float:
    """Probability of so many wins or more, each with this chance."""
    return math.fsum(
        math.comb(problems, count) * chance**count * (1 - chance) ** (problems - count)
        for count in range(wins, problems + 1)
    )
