"""Paired tests of two settings, with Holm's correction for the number of tests."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ayla_service.comparison.distributions import median_interval, too_few
from ayla_service.comparison.metrics import more_is_better
from ayla_service.comparison.pairs import Match, Pairs
from ayla_service.comparison.query import ComparisonQuery, Metric, Outcome, Unit
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
        metric: what the pairs are compared by; None where problems differ in it.
        unreached: seeds, or problems, that are no pair, as neither setting reached the target on them.
        not_recorded: seeds, or problems, that are no pair, as one of the settings lacks the metric on them.
        reason: why no trial has the metric; None if some could.
        are_copies: whether the two are copies of each other, so that there is nothing to test.
        wins: pairs in which the setting did better.
        losses: pairs in which it did worse.
        ties: pairs in which both did equally well, or both diverged.
        superiority: (wins + ties / 2) / pairs; None without pairs.
        sign_p: p-value of the exact two-sided sign test; None with fewer than two pairs, as all tests.
        adjusted_sign_p: after Holm's correction.
        rank: Wilcoxon's signed-rank test.
        adjusted_rank_p: its p-value after Holm's correction.
        median_difference: setting minus base as the metric is shown, so above 0 for a higher accuracy; relative where
            the unit is the problem; can be infinite or, between -inf and inf, NaN. None without a pair that has one.
        interval: of that median, between two of the differences; an end can be infinite.
        no_interval: why there is none.
    """

    match: Match
    unit: Unit
    family: int
    open: int
    count: int
    pairs: int
    metric: Metric | None
    unreached: int
    not_recorded: int
    reason: str | None
    are_copies: bool
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

    @property
    def family_name(self) -> str | None:
        """What Holm's correction is for, in words; None without a test."""
        return f"the {self.family} tests over {self.unit}s of this answer" if self.family else None

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
    """The tests of all matches, which are one family for Holm's correction; tests that are copies count once."""
    tests = [_test(pairs, unit, query.confidence) for pairs in found]
    names = [pairs.originals or place for place, pairs in enumerate(found)]
    once = {name: test for name, test in zip(reversed(names), reversed(tests), strict=True) if test.sign_p is not None}
    adjusted = dict(zip(once, _corrected(list(once.values())), strict=True))
    tests = [
        replace(test, family=len(once), adjusted_sign_p=adjusted[name][0], adjusted_rank_p=adjusted[name][1])
        if test.sign_p is not None
        else test
        for name, test in zip(names, tests, strict=True)
    ]
    open_ones = {name for name, test in zip(names, tests, strict=True) if test.outcome(query.confidence) == "undecided"}
    return [replace(test, open=len(open_ones)) for test in tests]


def _corrected(tests: Sequence[PairedTest]) -> list[tuple[float, float]]:
    """The p-values of the sign tests and of the rank tests after Holm's correction."""
    signs = holm([test.sign_p for test in tests if test.sign_p is not None])
    ranks = holm([test.rank.p_value for test in tests if test.rank is not None])
    return list(zip(signs, ranks, strict=True))


def _test(pairs: Pairs, unit: Unit, confidence: float) -> PairedTest:
    wins = sum(ours < base for ours, base in pairs.values)
    losses = sum(ours > base for ours, base in pairs.values)
    count = len(pairs.values)
    are_copies = pairs.originals is not None and pairs.originals[0] == pairs.originals[1]
    can_test = count > 1 and not are_copies
    shown = [0.0 - difference for difference in pairs.differences] if _shown_negated(pairs) else pairs.differences
    return PairedTest(
        match=pairs.match,
        unit=unit,
        family=0,
        open=0,
        count=pairs.count,
        pairs=count,
        metric=pairs.metric,
        unreached=pairs.unreached,
        not_recorded=pairs.not_recorded,
        reason=pairs.reason,
        are_copies=are_copies,
        wins=wins,
        losses=losses,
        ties=count - wins - losses,
        superiority=(wins + (count - wins - losses) / 2) / count if count else None,
        sign_p=sign_test(wins, losses) if can_test else None,
        adjusted_sign_p=None,
        rank=signed_rank(pairs.differences) if can_test else None,
        adjusted_rank_p=None,
        median_difference=median(shown) if shown else None,
        interval=median_interval(shown, confidence),
        no_interval=too_few(len(shown), confidence, "pairs"),
    )


def _shown_negated(pairs: Pairs) -> bool:
    """Whether values are negated, so that less is better, and shown as they are."""
    return pairs.metric is not None and more_is_better(pairs.metric)
