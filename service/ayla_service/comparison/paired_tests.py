"""Paired tests of two settings, with Holm's correction for the number of tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.distributions import interval_of, too_few
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
        count: seeds, or problems, that both have.
        pairs: how many independent pairs they are: one where seeds make no difference.
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
        interval: of that median, by the percentile bootstrap; an end can be infinite.
        no_interval: why there is none.
    """

    match: Match
    unit: Unit
    family: int
    count: int
    pairs: int
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
    return tests


def _test(pairs: Pairs, unit: Unit, confidence: float) -> PairedTest:
    wins = sum(ours < base for ours, base in pairs.values)
    losses = sum(ours > base for ours, base in pairs.values)
    count = len(pairs.values)
    reason = too_few(len(pairs.differences), confidence, "pairs")
    return PairedTest(
        match=pairs.match,
        unit=unit,
        family=0,
        count=pairs.count,
        pairs=count,
        wins=wins,
        losses=losses,
        ties=count - wins - losses,
        superiority=(wins + (count - wins - losses) / 2) / count if count else None,
        sign_p=sign_test(wins, losses) if count > 1 else None,
        adjusted_sign_p=None,
        rank=signed_rank(pairs.differences) if count > 1 else None,
        adjusted_rank_p=None,
        median_difference=median(pairs.differences) if pairs.differences else None,
        interval=None if reason else interval_of(pairs.differences, confidence),
        no_interval=reason,
    )
