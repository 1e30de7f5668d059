"""Interquartile mean and probability of improvement over problems: against SciPy, by hand, and how often they cover."""

import math
import random
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from ayla_service.comparison.aggregates import aggregate
from ayla_service.comparison.improvement import improvement_interval, probability_of_improvement
from ayla_service.comparison.interquartile_mean import DRAWS, bootstrap_interval, interquartile_mean
from ayla_service.comparison.pairs import Match
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem
from ayla_service.comparison.student_t import central_quantile
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from tests.comparison.comparing import AYLA, INF, PLAIN, problem, with_columns
from tests.comparison.coverage import covered, scenarios

MATCH = Match(AYLA, PLAIN, is_ayla=True)

values = st.floats(-1e6, 1e6, allow_subnormal=False)
whole = st.integers(-3, 3).map(float)


@given(st.integers(1, 9).flatmap(lambda seeds: st.lists(st.lists(values, min_size=seeds, max_size=seeds), min_size=1)))
@hypothesis_settings(max_examples=60)
def test_the_interquartile_mean_is_scipys_trimmed_mean_of_all_values(strata: list[list[float]]) -> None:
    pooled = [value for seeds in strata for value in seeds]
    assert interquartile_mean(strata) == pytest.approx(float(stats.trim_mean(pooled, 0.25)), rel=1e-9, abs=1e-6)


def test_every_problem_has_the_same_weight_in_the_interquartile_mean() -> None:
    twice = [[0.0, 1.0, 2.0, 3.0] * 2, [10.0, 11.0, 12.0, 13.0]]
    assert interquartile_mean(twice) == pytest.approx(interquartile_mean([twice[1], [0.0, 1.0, 2.0, 3.0]]))
    assert interquartile_mean(twice) == pytest.approx((2 + 3 + 10 + 11) / 4)


def test_infinite_values_are_cut_off_up_to_a_quarter_and_make_the_mean_infinite_beyond() -> None:
    assert interquartile_mean([[1.0, 2.0, 3.0, INF], [4.0, 5.0, 6.0, INF]]) == pytest.approx((3 + 4 + 5 + 6) / 4)
    assert interquartile_mean([[1.0, 2.0, INF, INF], [4.0, 5.0, 6.0, INF]]) == INF
    assert interquartile_mean([[-INF, -INF, 0.0, 0.0]]) == -INF
    assert math.isnan(interquartile_mean([[-INF, -INF, INF, INF]]))
    ends = bootstrap_interval([[*map(float, range(15)), *[INF] * 5]] * 5, 0.95)
    assert ends is not None
    assert ends[0] < INF == ends[1]


def test_a_value_beyond_all_others_does_not_move_the_interquartile_mean() -> None:
    strata = [[float(value) for value in range(12)], [1e300, *map(float, range(1, 12))]]
    assert interquartile_mean(strata) == interquartile_mean([strata[0], [1e3, *strata[1][1:]]])


def test_the_interval_is_that_of_resamples_drawn_with_another_generator() -> None:
    """The ends differ by chance only: by less than a tenth of the width."""
    draw = np.random.default_rng(5)
    strata = draw.normal(size=(6, 12)) + np.linspace(-1, 1, 6)[:, None]
    tail = NormalDist().cdf(-stats.t.ppf(0.975, 11) * math.sqrt(12 / 11))
    resamples = np.stack([row[draw.integers(0, 12, (20_000, 12))] for row in strata], axis=1)
    reference = np.quantile(stats.trim_mean(resamples.reshape(20_000, -1), 0.25, axis=1), [tail, 1 - tail])
    found = bootstrap_interval(strata.tolist(), 0.95)
    assert found == pytest.approx(reference, abs=0.1 * float(reference[1] - reference[0]))


def test_the_interval_does_not_depend_on_any_order_nor_on_numpys_generators() -> None:
    strata = np.random.default_rng(0).integers(-9, 10, (5, 10)).astype(float).tolist()
    found = bootstrap_interval(strata, 0.95)
    np.random.seed(1)  # global random state must not matter
    shuffled = [random.Random(1).sample(seeds, len(seeds)) for seeds in reversed(strata)]
    assert bootstrap_interval(shuffled, 0.95) == found
    assert found == pytest.approx((-75 / 26, 49 / 26), abs=1e-9)


def test_no_interval_is_made_of_too_few_resamples_or_of_one_seed() -> None:
    strata = np.random.default_rng(0).normal(size=(5, 10)).tolist()
    assert bootstrap_interval(strata, 0.99) is not None
    assert bootstrap_interval(strata, 0.999) is None
    assert bootstrap_interval([[1.0], [2.0]], 0.95) is None
    assert DRAWS * NormalDist().cdf(-central_quantile(0.999, 9) * math.sqrt(10 / 9)) < 1


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 10, 29, 500])
def test_students_t_is_scipys(degrees: int) -> None:
    for confidence in (0.5, 0.95, 0.999):
        reference = float(stats.t.ppf((1 + confidence) / 2, degrees))
        assert central_quantile(confidence, degrees) == pytest.approx(reference, rel=1e-11)


@given(st.lists(st.lists(st.tuples(whole | st.just(INF), whole | st.just(INF)), min_size=1, max_size=7), min_size=1))
@example([[(INF, INF), (1.0, INF)]])
@hypothesis_settings(max_examples=60)
def test_the_probability_of_improvement_is_scipys_mann_whitney_statistic(
    problems: list[list[tuple[float, float]]],
) -> None:
    shares = [_won(pairs) for pairs in problems]
    assert probability_of_improvement(problems) == pytest.approx(sum(shares) / len(shares), abs=1e-12)


def _won(pairs: Sequence[tuple[float, float]]) -> float:
    """Share of the n² pairs of runs in which the first has the lower value."""
    ours, base = ([min(value, 1e9) for value in column] for column in zip(*pairs, strict=True))
    return float(stats.mannwhitneyu(base, ours).statistic) / len(pairs) ** 2


@given(st.lists(st.lists(st.tuples(whole, whole | st.just(INF)), min_size=2, max_size=9), min_size=1, max_size=4))
@hypothesis_settings(max_examples=60)
def test_the_interval_of_the_improvement_holds_the_estimate_and_mirrors(
    problems: list[list[tuple[float, float]]],
) -> None:
    estimate = probability_of_improvement(problems)
    low, high = improvement_interval(problems, 0.95)
    assert 0 <= low <= estimate + 1e-12
    assert estimate - 1e-12 <= high <= 1
    swapped = improvement_interval([[(base, ours) for ours, base in pairs] for pairs in problems], 0.95)
    assert swapped == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_the_interval_of_one_who_always_won_ends_below_one() -> None:
    """Ten of ten: Wilson's interval of ten throws, with Student's t."""
    always = [[(float(seed), 100.0 + seed) for seed in range(10)]]
    t = stats.t.ppf(0.975, 9)
    assert improvement_interval(always, 0.95) == pytest.approx((10 / (10 + t * t), 1.0))


def test_the_variance_is_that_of_delong_for_pairs() -> None:
    """It is worth between ten and twenty throws of a coin here, so neither bound on them holds."""
    ours = [1.0, 8.0, 3.0, 5.0, 2.0, 9.0, 4.0, 7.0, 12.0, 6.0]
    base = [2.5, 3.5, 10.0, 1.5, 6.5, 7.5, 0.5, 11.0, 4.5, 5.5]
    wins = np.array([[float(x < y) for y in base] for x in ours])
    variance = (wins.mean(axis=1) + wins.mean(axis=0)).var(ddof=1) / 10
    share, t2 = wins.mean(), stats.t.ppf(0.975, 9) ** 2
    throws = share * (1 - share) / variance
    assert 10 < throws < 20
    middle = (share + t2 / (2 * throws)) / (1 + t2 / throws)
    found = improvement_interval([list(zip(ours, base, strict=True))], 0.95)
    assert sum(found) / 2 == pytest.approx(middle)


def test_intervals_over_problems_cover_about_as_often_as_asked_for() -> None:
    """``benchmarks/coverage.py`` measures it with more repeats."""
    found = {name: covered(scenario, 10, 60, truth_seeds=5000) for name, scenario in scenarios(5).items()}
    for name, shares in found.items():
        assert shares.middle > 0.9, name
        assert shares.improvement > 0.9, name
    assert min(shares.middle for shares in found.values()) < 1
    assert min(shares.improvement for shares in found.values()) < 1


def _problems(count: int, seeds: int) -> list[ComparedProblem]:
    draw = np.random.default_rng(count)
    plain, ayla = draw.lognormal(size=(2, count, seeds)).tolist()
    return [problem({PLAIN: plain[place], AYLA: ayla[place]}) for place in range(count)]


def test_five_problems_of_ten_seeds_have_both_intervals() -> None:
    found = aggregate(_problems(5, 10), MATCH, ComparisonQuery())
    middle, improvement = found.interquartile_mean, found.improvement
    assert middle is not None
    assert improvement is not None
    assert middle.interval is not None
    assert improvement.interval is not None
    assert middle.interval.low < middle.value < middle.interval.high
    assert improvement.interval.low < improvement.value < improvement.interval.high
    assert (middle.problems, middle.pairs, middle.no_interval, improvement.no_interval) == (5, 50, None, None)
    assert found.statement == (
        f"On 5 problems AYLA-SGD does better than SGD with probability {improvement.value:.2f} (95 % interval "
        f"{improvement.interval.low:.2f} to {improvement.interval.high:.2f}); interquartile mean of the relative "
        f"differences {middle.value:+.3g} (95 % interval {middle.interval.low:+.3g} to {middle.interval.high:+.3g})."
    )


@pytest.mark.parametrize(
    ("problems", "seeds", "middle", "improvement"),
    [
        (5, 9, "fewer than 10 independent seeds on 5 of 5 problems", "same"),
        (4, 10, "fewer than 5 problems", None),
    ],
)
def test_too_few_seeds_or_problems_have_no_interval_and_say_why(
    problems: int, seeds: int, middle: str, improvement: str | None
) -> None:
    found = aggregate(_problems(problems, seeds), MATCH, ComparisonQuery())
    assert found.interquartile_mean is not None
    assert found.improvement is not None
    assert found.interquartile_mean.no_interval == middle
    assert found.improvement.no_interval == (middle if improvement == "same" else improvement)
    assert (found.improvement.interval is None) == (improvement is not None)
    assert f"(no interval: {middle})" in found.statement


def test_seeds_that_are_copies_are_one_and_carry_no_interval() -> None:
    made = [problem({PLAIN: [2.0] * 10, AYLA: [1.0] * 10}) for _ in range(5)]
    found = aggregate(made, MATCH, ComparisonQuery())
    assert found.interquartile_mean is not None
    assert found.interquartile_mean.pairs == 5
    assert found.interquartile_mean.value == pytest.approx(-1 / 3)
    assert found.interquartile_mean.no_interval == "fewer than 10 independent seeds on 5 of 5 problems"


def test_a_run_that_diverged_is_as_far_away_as_can_be_and_two_are_equal() -> None:
    made = problem({PLAIN: [INF, INF, 1.0, 2.0], AYLA: [1.0, INF, INF, INF]})
    found = aggregate([made], MATCH, ComparisonQuery())
    assert found.interquartile_mean is not None
    assert found.improvement is not None
    assert found.interquartile_mean.value == (0 + 1) / 2  # of -1, 0, 1, 1
    assert found.improvement.value == (3 + 1 / 2 + 3 * (2 / 2)) / 16


def test_seeds_on_which_neither_reached_the_target_have_no_difference_but_are_ties_of_the_improvement() -> None:
    made = problem({PLAIN: [1.0, 2.0], AYLA: [3.0, 4.0]}, {PLAIN: [INF, INF], AYLA: [INF, INF]})
    made.metric = "steps_to_target"
    found = aggregate([made], MATCH, ComparisonQuery("steps_to_target", 0.5))
    assert found.interquartile_mean is None
    assert found.improvement is not None
    assert found.improvement.value == 0.5
    assert found.statement.endswith("; neither reached the target on any seed.")


def test_accuracies_are_shown_in_their_own_direction() -> None:
    made = _problems(5, 10)
    losses = aggregate(made, MATCH, ComparisonQuery())
    for one in made:
        _as_accuracies(one)
    found = aggregate(made, MATCH, ComparisonQuery("test_accuracy"))
    assert losses.interquartile_mean is not None
    assert found.interquartile_mean is not None
    before, after = losses.interquartile_mean.interval, found.interquartile_mean.interval
    assert before is not None
    assert after is not None
    assert (after.low, after.high) == (-before.high, -before.low)
    assert found.interquartile_mean.value == -losses.interquartile_mean.value
    assert found.improvement == losses.improvement


def _as_accuracies(one: ComparedProblem) -> None:
    """The same numbers as accuracies of which the highest is that of the lowest loss."""
    one.metric, one.parts, one.has_classes = "test_accuracy", ("test",), True
    for compared in one.settings.values():
        compared.runs = with_columns(compared.runs, test_accuracy=-compared.runs.table["final_loss"])


def test_without_a_common_problem_nothing_can_be_said() -> None:
    found = aggregate([problem({PLAIN: [1.0]}), problem({AYLA: [1.0]})], MATCH, ComparisonQuery())
    assert (found.interquartile_mean, found.improvement) == (None, None)
    assert found.statement == "No problem has a result of both AYLA-SGD and SGD: nothing can be said."
