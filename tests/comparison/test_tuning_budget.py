"""Expected best of k settings, held against counting every draw; sensitivity and divergence by hand."""

import itertools
import math
import statistics
from fractions import Fraction

import pytest
from ayla_service.comparison.expected_best import MOST_POINTS, expected_best, sizes
from ayla_service.comparison.sensitivity import divergence, sensitivity
from ayla_service.comparison.sensitivity_schemas import Divergence, SensitivityPoint
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.comparison.comparing import INF

results = st.lists(st.integers(-4, 9).map(float) | st.just(INF), min_size=1, max_size=8)


@given(results, st.sampled_from([0.5, 0.8, 0.95]))
@hypothesis_settings(max_examples=60)
def test_the_best_of_k_is_that_of_all_draws(values: list[float], confidence: float) -> None:
    found = expected_best(values, confidence)
    assert [point.k for point in found] == list(range(1, len(values) + 1))
    for point in found:
        draws = sorted(min(drawn) for drawn in itertools.combinations(values, point.k))
        assert point.expected == (INF if draws[-1] == INF else pytest.approx(statistics.fmean(draws), abs=1e-12))
        tail = (1 - Fraction(str(confidence))) / 2
        for end, share in ((point.low, tail), (point.median, Fraction(1, 2)), (point.high, 1 - tail)):
            assert end == draws[math.ceil(share * len(draws)) - 1]
        assert point.nothing_finite == pytest.approx(draws.count(INF) / len(draws), abs=1e-12)


def test_the_best_of_k_by_hand() -> None:
    one, two, three = expected_best([3.0, 1.0, 8.0])
    assert (one.expected, one.median, one.low, one.high) == (4.0, 3.0, 1.0, 8.0)
    assert two.expected == pytest.approx((1 + 1 + 3) / 3)
    assert (two.low, two.high) == (1.0, 3.0)
    assert (three.expected, three.low, three.high) == (1.0, 1.0, 1.0)


def test_a_draw_that_diverges_makes_the_expectation_infinite_but_not_the_median() -> None:
    found = expected_best([1.0, 2.0, 3.0, INF, INF])
    assert [point.expected for point in found][:2] == [INF, INF]
    assert [point.median for point in found] == [3.0, 2.0, 1.0, 1.0, 1.0]
    assert [point.nothing_finite for point in found] == pytest.approx([0.4, 0.1, 0.0, 0.0, 0.0])
    assert found[2].expected == pytest.approx((6 * 1 + 3 * 2 + 1 * 3) / 10)
    assert '"expected":null' in found[0].model_dump_json()


def test_of_many_settings_some_sizes_are_told_and_the_sum_stays_exact() -> None:
    count = 10_000
    assert sizes(MOST_POINTS) == list(range(1, MOST_POINTS + 1))
    some = sizes(count)
    assert (some[0], some[-1], len(some) <= MOST_POINTS, sorted(set(some))) == (1, count, True, some)
    for point in expected_best([float(value) for value in range(1, count + 1)]):
        assert point.expected == pytest.approx((count + 1) / (point.k + 1), rel=1e-9)


def test_no_setting_has_no_best() -> None:
    assert expected_best([]) == []


def test_sensitivity_puts_the_best_and_the_median_at_each_rate_side_by_side() -> None:
    at = [0.1, 0.1, 0.01, 0.1, 0.1, 1.0]
    values = [4.0, 1.0, 2.0, 3.0, 1.0, INF]
    plain, ayla = sensitivity(at, values, ["SGD", "AYLA", "SGD", "AYLA", "AYLA", "SGD"])
    assert (plain.name, ayla.name) == ("SGD", "AYLA")
    assert [(point.at, point.best, point.settings, point.finite) for point in plain.points] == [
        (0.01, 2.0, 1, 1),
        (0.1, 4.0, 1, 1),
        (1.0, INF, 1, 0),
    ]
    assert ayla.points == [SensitivityPoint(at=0.1, settings=3, finite=3, best=1.0, median=1.0, best_place=1)]


def test_sequences_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        sensitivity([0.1, 0.2], [1.0], ["a", "b"])


def test_settings_that_diverge_are_counted() -> None:
    assert divergence([0, 1, 2, 4, 0], [4, 4, 4, 4, 0]) == Divergence(settings=4, some=3, most=2, share=0.5)
    assert divergence([], []).share is None
