"""The statistics of comparisons, by hand, counted out in the slow way, and against SciPy."""

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from ayla_service.comparison.distributions import distribution, fewest_for, interval_rank, median_interval
from ayla_service.comparison.schemas import ConfidenceInterval
from ayla_service.comparison.significance import EXACT_UP_TO, holm, sign_test, signed_rank
from ayla_service.trials.quantiles import median, ordered, quantile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from tests.comparison.comparing import INF
from tests.comparison.coverage import median_covered

differences = st.lists(st.integers(-6, 6).map(float), max_size=9)
losses = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False) | st.just(INF), min_size=1, max_size=12)


@pytest.mark.parametrize(("wins", "losses", "p_value"), [(5, 0, 2 / 32), (9, 1, 22 / 1024), (3, 3, 1.0), (0, 0, 1.0)])
def test_the_sign_test_is_the_tails_of_a_fair_coin(wins: int, losses: int, p_value: float) -> None:
    assert sign_test(wins, losses) == p_value


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (13, 4), (200, 150)])
def test_the_sign_test_is_that_of_scipy(wins: int, losses: int) -> None:
    assert sign_test(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 6, 17, EXACT_UP_TO])
def test_the_signed_rank_test_counts_as_scipy_does(count: int) -> None:
    sample = np.random.default_rng(count).normal(0.3, 1, count)
    found, reference = signed_rank(sample.tolist()), stats.wilcoxon(sample, method="exact")
    assert found.exact
    assert found.p_value == pytest.approx(reference.pvalue, rel=1e-10)
    assert min(found.statistic, count * (count + 1) / 2 - found.statistic) == reference.statistic


@pytest.mark.parametrize("digits", [15, 1])
def test_many_pairs_are_approximated_as_scipy_does_with_and_without_ties(digits: int) -> None:
    sample = np.round(np.random.default_rng(3).normal(0.2, 1, 90), digits)
    found = signed_rank(sample.tolist())
    reference = stats.wilcoxon(sample, method="asymptotic", correction=False)
    assert not found.exact
    assert found.p_value == pytest.approx(reference.pvalue, rel=1e-10)


@given(differences)
@hypothesis_settings(max_examples=60)
def test_the_signed_rank_test_is_exact_with_ties_too(sample: list[float]) -> None:
    assert signed_rank(sample).p_value == pytest.approx(_over_all_signs(sample), rel=1e-12)


def _over_all_signs(sample: Sequence[float]) -> float:
    """The p-value from all 2^n ways to put signs before the ranks."""
    sizes = [abs(value) for value in sample if value]
    ranks: list[float] = stats.rankdata(sizes).tolist() if sizes else []
    seen = sum(rank for rank, value in zip(ranks, filter(None, sample), strict=True) if value < 0)
    sums = [
        sum(rank for rank, taken in zip(ranks, signs, strict=True) if taken)
        for signs in itertools.product((False, True), repeat=len(ranks))
    ]
    tail = min(sum(value <= seen for value in sums), sum(value >= seen for value in sums))
    return min(1.0, 2 * tail / len(sums))


def test_an_infinite_difference_ranks_highest() -> None:
    assert signed_rank([1.0, -INF, 2.0, -INF]).statistic == 3.5 + 3.5
    assert signed_rank([1.0, -50.0, 2.0, -50.0]) == signed_rank([1.0, -INF, 2.0, -INF])


def test_zeros_are_left_out_of_the_signed_rank_test() -> None:
    assert signed_rank([0.0, 3.0, 0.0, -1.0]) == signed_rank([3.0, -1.0])
    assert signed_rank([0.0]).p_value == 1.0


def test_holms_correction_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_never_lowers_a_p_value(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert [adjusted[place] for place in np.argsort(p_values, kind="stable")] == sorted(adjusted)
    assert min(adjusted) <= min(1.0, min(p_values) * len(p_values))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_quantiles_of_numbers_are_numpys(sample: list[float], share: float) -> None:
    assert quantile(ordered(sample), share) == pytest.approx(float(np.quantile(sample, share)), rel=1e-12, abs=1e-9)


def test_quantiles_next_to_something_infinite_are_infinite() -> None:
    assert median([1.0, INF]) == INF
    assert median([2.0, INF, 1.0]) == 2.0
    assert median([-INF, 3.0]) == -INF
    assert math.isnan(median([-INF, INF]))
    assert quantile(ordered([1.0, 2.0, 3.0, 4.0, INF]), 0.75) == 4.0
    assert quantile(ordered([1.0, 2.0, 3.0, INF]), 0.75) == INF


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.99, 0.999])
def test_the_coverage_of_an_interval_is_that_of_the_binomial_distribution(confidence: float) -> None:
    for count in range(1, 200):
        rank, coverage = interval_rank(count, confidence)
        covers = [1 - 2 * stats.binom.cdf(r - 1, count, 0.5) for r in range(1, count // 2 + 1)]
        enough = [r for r, covered in enumerate(covers, 1) if covered >= confidence * (1 - 1e-12)]
        assert rank == max(enough, default=0), count
        assert coverage == pytest.approx(covers[rank - 1] if rank else 0.0, rel=1e-12)


def test_the_interval_of_very_many_values_is_that_of_the_normal_approximation() -> None:
    rank, coverage = interval_rank(10_000, 0.95)
    assert rank == pytest.approx(5000 - 1.96 * 50, abs=1)
    assert coverage == pytest.approx(0.95, abs=0.01)


def test_intervals_by_hand() -> None:
    seven = [7.0, 3.0, 5.0, 1.0, 2.0, 6.0, 4.0]
    assert median_interval(seven, 0.95) == ConfidenceInterval.of(1.0, 7.0, 1 - 2 / 2**7)
    assert median_interval([*seven, 8.0, 9.0], 0.95) == ConfidenceInterval.of(2.0, 8.0, 1 - 2 * (1 + 9) / 2**9)
    assert median_interval(seven, 0.5) == ConfidenceInterval.of(3.0, 5.0, 1 - 2 * (1 + 7 + 21) / 2**7)
    assert median_interval(seven[:5], 0.95) is None


def test_a_percentile_bootstrap_of_seven_values_covers_too_little() -> None:
    """Its median is at most the k-th value if four of seven draws are: it ends at the second and the sixth value."""
    at_most = [stats.binom.sf(3, 7, k / 7) for k in (1, 2)]
    assert at_most[0] < 0.025 < at_most[1]
    assert 1 - 2 * stats.binom.cdf(1, 7, 0.5) == 0.875
    rank, coverage = interval_rank(12, 0.95)
    assert (rank, round(coverage, 3)) == (3, 0.961)


def test_intervals_cover_the_median_as_often_as_they_say() -> None:
    """Continuous values within 1 %, skew, heavy tails and infinities included; ties never more than 1 % below."""
    for count in (6, 7, 12, 30):
        stated, found = median_covered(count, 20_000)
        for kind, share in found.items():
            assert share > stated - 0.01, (count, kind)
            assert kind == "tied" or share < stated + 0.01, (count, kind)


@given(losses)
@hypothesis_settings(max_examples=40)
def test_neither_interval_nor_quantiles_depend_on_the_order_of_seeds(sample: list[float]) -> None:
    shuffled = random.Random(0).sample(sample, len(sample))
    assert distribution(sample, 0.95) == distribution(shuffled, 0.95)
    interval = median_interval(sample, 0.95)
    if interval is not None:
        assert min(sample) <= _end(interval.low) <= median(sample) <= _end(interval.high) <= max(sample)


def _end(value: float | None) -> float:
    assert value is not None
    return value


def test_the_interval_of_one_value_is_that_value() -> None:
    for value in (5e-324, -1.7e308, INF, -INF):
        found = median_interval([value] * 7, 0.95)
        assert found is not None
        assert (found.low, found.high) == (value, value)


def test_an_interval_can_reach_into_what_diverged() -> None:
    spread = distribution([1.0, 2.0, 3.0, 4.0, INF, INF, INF], 0.95)
    assert (spread.values, spread.finite, spread.median, spread.max) == (7, 4, 4.0, INF)
    assert spread.interval is not None
    assert spread.interval.low is not None
    assert math.isfinite(spread.interval.low)
    assert spread.interval.high == INF
    assert (spread.interval.low_infinity, spread.interval.high_infinity) == (None, "inf")


def test_too_few_values_carry_no_interval() -> None:
    assert fewest_for(0.95) == 6
    assert fewest_for(0.99) == 8
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.95).interval is None
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.95).no_interval == "fewer than 6 runs cannot carry one of 95 %"
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.95).no_interval is None
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.9).interval is not None
