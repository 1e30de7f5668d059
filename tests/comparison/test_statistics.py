"""The statistics of comparisons, by hand, counted out in the slow way, and against SciPy."""

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from ayla_service.comparison.distributions import RESAMPLES, distribution, fewest_for, median_interval
from ayla_service.comparison.significance import EXACT_UP_TO, holm, sign_test, signed_rank
from ayla_service.trials.quantiles import median, ordered, quantile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from tests.comparison.comparing import INF

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


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize("confidence", [0.6, 0.8])
def test_the_bootstrap_is_that_of_every_resample(count: int, confidence: float) -> None:
    sample = [float(2**place) for place in range(count)]
    medians = [median(resample) for resample in itertools.product(sample, repeat=count)]
    low, high = median_interval(sample, confidence)
    for end, share in ((low, (1 - confidence) / 2), (high, (1 + confidence) / 2)):
        noise = 4 * math.sqrt(share * (1 - share) / RESAMPLES)
        assert sum(value < end for value in medians) / len(medians) <= share + noise
        assert sum(value <= end for value in medians) / len(medians) >= share - noise


def test_the_bootstrap_is_that_of_scipy() -> None:
    sample = np.random.default_rng(5).exponential(size=40)
    reference = stats.bootstrap(
        (sample,), np.median, method="percentile", n_resamples=20_000, rng=np.random.default_rng(6), vectorized=True
    ).confidence_interval
    found = median_interval(sample.tolist(), 0.95)
    spacing = np.diff(np.sort(sample))[10:30].max()
    assert found == pytest.approx((reference.low, reference.high), abs=spacing)


@given(losses)
@hypothesis_settings(max_examples=40)
def test_neither_interval_nor_quantiles_depend_on_the_order_of_seeds(sample: list[float]) -> None:
    shuffled = random.Random(0).sample(sample, len(sample))
    assert distribution(sample, 0.95) == distribution(shuffled, 0.95)
    low, high = median_interval(sample, 0.95)
    assert min(sample) <= low <= median(sample) <= high <= max(sample)


def test_the_interval_of_one_value_is_that_value() -> None:
    for value in (5e-324, -1.7e308, INF, -INF):
        assert median_interval([value] * 7, 0.95) == median_interval([value] * 8, 0.95) == (value, value)


def test_an_interval_can_reach_into_what_diverged() -> None:
    spread = distribution([1.0, 2.0, 3.0, 4.0, INF, INF, INF], 0.95)
    assert (spread.values, spread.finite, spread.median, spread.max) == (7, 4, 4.0, INF)
    assert spread.interval is not None
    assert spread.interval.low is not None
    assert math.isfinite(spread.interval.low)
    assert spread.interval.high == INF


def test_too_few_values_carry_no_interval() -> None:
    assert fewest_for(0.95) == 6
    assert fewest_for(0.99) == 8
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.95).interval is None
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.95).no_interval == "fewer than 6 runs cannot carry one of 95 %"
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.95).no_interval is None
    assert distribution([1.0, 2.0, 3.0, 4.0, 5.0], 0.9).interval is not None
