"""The statistics of a comparison, against known values and laws."""

import random
from statistics import median

import pytest
from ayla._statistics import bootstrap_median, sign_test
from hypothesis import given
from hypothesis import strategies as st

counts = st.integers(min_value=0, max_value=300)
values = st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("wins", "losses", "p_value"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (5, 5, 1.0), (9, 1, 22 / 1024), (10, 0, 2 / 1024), (8, 2, 112 / 1024)],
)
def test_the_sign_test_has_its_textbook_values(wins: int, losses: int, p_value: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p_value, rel=1e-12)


@given(counts, counts)
def test_a_p_value_is_a_probability_and_the_sides_are_alike(wins: int, losses: int) -> None:
    assert 0 < sign_test(wins, losses) <= 1
    assert sign_test(wins, losses) == sign_test(losses, wins)


@given(counts, st.integers(min_value=1, max_value=100))
def test_a_clearer_result_is_surer(losses: int, lead: int) -> None:
    assert sign_test(losses + lead + 1, losses) <= sign_test(losses + lead, losses)


def test_thousands_of_seeds_are_no_overflow() -> None:
    assert sign_test(3000, 2000) < 1e-40


@given(values)
def test_an_interval_lies_within_the_values_and_repeats(sample: list[float]) -> None:
    low, high = bootstrap_median(sample, resamples=200)

    assert min(sample) <= low <= high <= max(sample)
    assert bootstrap_median(sample, resamples=200) == (low, high)


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=1, max_value=9))
def test_equal_values_leave_no_doubt(value: float, count: int) -> None:
    assert bootstrap_median([value] * count, resamples=50) == (value, value)


def test_an_interval_covers_the_true_median_about_as_often_as_it_says() -> None:
    generator = random.Random(1)
    samples = [[generator.gauss(0, 1) for _ in range(15)] for _ in range(100)]
    intervals = [bootstrap_median(sample, resamples=300) for sample in samples]

    assert 85 <= sum(low <= 0 <= high for low, high in intervals) < 100
    assert all(low <= median(sample) <= high for sample, (low, high) in zip(samples, intervals, strict=True))


def test_no_values_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_median([])
