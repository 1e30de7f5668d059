"""Paired tests of two settings, with Holm's correction for the number of tests."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.distributions import median_interval, too_few
from ayla_service.comparison.pairs import Match, Pairs
from ayla_service.comparison.query import ComparisonQuery, Outcome, Unit
from ayla_service.comparison.schemas import ConfidenceInterval
from ayla_service.comparison.significance import SignedRank, holm, sign_test, signed_rank
from ayla_service.trials.quantiles import median


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Result of the tests of one setting against another, over pairs.

    Attributes:
        match: what is compared with what.
        unit: what makes a pair.
        family: how many tests of this unit there are, which the correction is for.
        open: how many of them are undecided; Holm's correction multiplies the lowest p-value of these by their number.
        count: seeds, or problems, that both have.
        pairs: how many independent pairs they are: one where seeds make no difference.
        unreached: seeds, or problems, that are no pair, as neither setting reached the target on them.
        wins: pairs in which the setting did better.
        losses: pairs in which it did worse.
        ties: pairs in which both did equally well, or both diverged.
        superiority: (wins + ties / 2) / pairs; None without pairs.
        sign_p: p-value of the exact two-sided sign test; None with fewer than two pairs, as all tests.
        adjusted_sign_p: after Holm's correction.
        rank: Wilcoxon's signed-rank test.
        adjusted_rank_p: its p-value after Holm's correction.
        median_difference: setting minus base, relative where the unit is the problem; can be infinite or, between
            -inf and inf, NaN. None without a pair that has one.
        interval: of that median, between two of the differences; an end can be infinite.
        no_interval: why there is none.
    """

    match: Match
    unit: Unit
    family: int
    open: int
    count: int
    pairs: int
    unreached: int
    wins: int
    losses: int
    ties: int
    superiority: float | None
    sign_p: float | None
    adjusted_sign_p: float | None
    rank: SignedRank | None
    adjusted_rank_p: float | None
    median_difference: float | None
    interval: ConfidenceInterval | None
    no_interval: str | None

    def decidable_from(self, confidence: float) -> int | None:
        """How many pairs could decide this test; None if its own could.

        Ties do not count: of n other pairs the sign test's lowest p-value is ``lowest_p``.
        """
        alpha, untied = 1 - confidence, self.wins + self.losses
        fewest = next(count for count in itertools.count(1) if self.lowest_p(count) < alpha)
        return fewest if untied < fewest else None

    def lowest_p(self, pairs: int) -> float:
        """The lowest p-value that so many pairs without a tie can have after Holm's correction."""
        return min(1.0, self.open * 2.0 ** (1 - pairs))

    def outcome(self, confidence: float) -> Outcome:
        """Outcome of the sign test after Holm's correction."""
        if self.adjusted_sign_p is None:
            return "no_statement"
        if self.adjusted_sign_p >= 1 - confidence:
            return "undecided"
        return "better" if self.wins > self.losses else "worse"


def run_tests(found: Sequence[Pairs], unit: Unit, query: ComparisonQuery) -> list[PairedTest]:
    """The tests of all matches, which are one family for Holm's correction."""
    tests = [_test(pairs, unit, query.confidence) for pairs in found]
    can_tell = [place for place, test in enumerate(tests) if test.sign_p is not None]
    signs = holm([test.sign_p for test in tests if test.sign_p is not None])
    ranks = holm([test.rank.p_value for test in tests if test.rank is not None])
    for place, sign_p, rank_p in zip(can_tell, signs, ranks, strict=True):
        tests[place] = replace(tests[place], adjusted_sign_p=sign_p, adjusted_rank_p=rank_p, family=len(can_tell))
    undecided = sum(test.outcome(query.confidence) == "undecided" for test in tests)
    return [replace(test, open=undecided) for test in tests]


def _test(pairs: Pairs, unit: Unit, confidence: float) -> PairedTest:
    wins = sum(ours < base for ours, base in pairs.values)
    losses = sum(ours > base for ours, base in pairs.values)
    count = len(pairs.values)
    return PairedTest(
        match=pairs.match,
        unit=unit,
        family=0,
        open=0,
        count=pairs.count,
        pairs=count,
        unreached=pairs.unreached,
        wins=wins,
        losses=losses,
        ties=count - wins - losses,
        superiority=(wins + (count - wins - losses) / 2) / count if count else None,
        sign_p=sign_test(wins, losses) if count > 1 else None,
        adjusted_sign_p=None,
        rank=signed_rank(pairs.differences) if count > 1 else None,
        adjusted_rank_p=None,
        median_difference=median(pairs.differences) if pairs.differences else None,
        interval=median_interval(pairs.differences, confidence),
        no_interval=too_few(len(pairs.differences), confidence, "pairs"),
    )
