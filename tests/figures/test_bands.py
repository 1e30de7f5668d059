"""What figures make of numbers: bands over seeds, diverged trials, and which part is shown."""

import numpy as np
import pytest
from ayla_service.figures.aggregates import band_of, quantile
from ayla_service.figures.data import RecordedTrial, drawable
from ayla_service.figures.geometry import axis_limits, parameter_limits, value_limits
from ayla_spec.problems import ExpressionProblem
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.figures import figure_samples

NAN, INF = np.nan, np.inf


def run(values: list[float], *, steps: list[int] | None = None, diverged: bool = False) -> RecordedTrial:
    places = np.array(range(len(values)) if steps is None else steps, dtype=np.int64)
    return RecordedTrial(0, diverged, places, {"loss": np.array(values, dtype=np.float64)})


def test_a_band_is_median_and_quartiles() -> None:
    band = band_of([run([1.0, 10.0]), run([2.0, 20.0]), run([3.0, 30.0]), run([4.0, 40.0]), run([5.0, 50.0])], "loss")
    assert band.median.tolist() == [3.0, 30.0]
    assert band.low.tolist() == [2.0, 20.0]
    assert band.high.tolist() == [4.0, 40.0]
    assert band.seeds == 5
    assert band.ends == []


def test_a_trial_that_is_behind_counts_as_far_as_it_is() -> None:
    band = band_of([run([1.0, 1.0, 1.0]), run([3.0])], "loss")
    assert band.median.tolist() == [2.0, 1.0, 1.0]


def test_a_trial_without_rows_is_left_out() -> None:
    band = band_of([run([]), run([3.0])], "loss")
    assert (band.median.tolist(), band.seeds) == ([3.0], 1)
    assert len(band_of([run([])], "loss").steps) == 0
    assert len(band_of([], "loss").steps) == 0


def test_steps_are_matched_by_their_number() -> None:
    band = band_of([run([1.0, 2.0, 3.0], steps=[0, 10, 20]), run([5.0, 7.0], steps=[0, 20])], "loss")
    assert band.median.tolist() == [3.0, 2.0, 5.0]


def test_a_diverged_trial_is_worse_than_all_others() -> None:
    runs = [run([1.0, 1.0, 1.0]), run([2.0, 2.0, 2.0]), run([3.0, 9.0, INF], diverged=True)]
    band = band_of(runs, "loss", worst=INF)
    assert band.median.tolist() == [2.0, 2.0, 2.0]
    assert np.isnan(band.high[2])
    assert band.ends == [(1, 9.0)]


def test_a_line_ends_where_most_trials_have_diverged() -> None:
    runs = [run([1.0, 1.0, 1.0]), run([2.0, 8.0, NAN], diverged=True), run([3.0, INF], diverged=True)]
    band = band_of(runs, "loss", worst=INF)
    assert band.median[:1].tolist() == [2.0]
    assert band.median[1] == 8.0
    assert np.isnan(band.median[2])
    assert band.ends == [(1, 8.0), (0, 3.0)]


def test_without_a_worst_value_a_diverged_trial_is_left_out_after_its_end() -> None:
    band = band_of([run([1.0, 1.0]), run([3.0, NAN], diverged=True)], "loss")
    assert band.median.tolist() == [2.0, 1.0]


def test_nothing_counts_after_the_first_value_that_is_not_finite() -> None:
    assert run([1.0, 2.0, NAN, 4.0]).last_finite("loss") == (1, 2.0)
    assert run([NAN]).last_finite("loss") is None
    assert run([1.0]).last_finite("other") is None


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.floats(-1e6, 1e6)),
    st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
)
def test_quantiles_are_those_of_numpy(rows: np.ndarray, share: float) -> None:
    np.testing.assert_allclose(quantile(rows, share), np.quantile(rows, share, axis=0), rtol=1e-12, atol=1e-9)


def test_a_window_is_around_where_the_trials_stayed() -> None:
    stayed, ran_away = run([0.0, 10.0]), run([0.0, 1e30], diverged=True)
    assert parameter_limits([stayed, ran_away], "loss", 0.0) == pytest.approx((-1.2, 11.2))


def test_the_start_is_always_within_the_window() -> None:
    low, high = parameter_limits([], "loss", -1.0)
    assert low < -1.0 < high
    low, high = parameter_limits([run([5.0, 6.0])], "loss", 0.0)
    assert low < 0.0 < 6.0 < high


def test_of_a_random_start_every_drawn_one_is_within_the_window() -> None:
    start = {"x": {"uniform": [-100.0, 300.0]}}
    problem = ExpressionProblem.model_validate({"expression": "x", "start": start})
    trials = [figure_samples.run(x=[7.0, 6.0]), figure_samples.run(diverged=True, x=[-3.0, 1e30])]
    ((low, high),) = axis_limits(problem, figure_samples.figure_data(figure_samples.setting(0, *trials)))
    assert -5.0 < low < -3.0
    assert 7.0 < high < 9.0
    ((low, high),) = axis_limits(problem, figure_samples.figure_data(figure_samples.setting(0)))
    assert low < 100.0 < high  # the middle, before there is any


def test_a_window_where_all_ran_away_shows_their_beginning() -> None:
    low, high = parameter_limits([run([1.0, 2.0, -3.0, 5.0, 1e20], diverged=True)], "loss", 1.0)
    assert low < -3.0
    assert 5.0 < high < 100.0


@pytest.mark.parametrize("start", [1e308, -1e308, 0.0, 1e-320])
def test_windows_are_finite(start: float) -> None:
    low, high = parameter_limits([run([start, 1e308, -1e308])], "loss", start)
    assert np.isfinite([low, high, high - low]).all()
    assert low < high


def test_everything_is_shown_unless_something_ran_away() -> None:
    settled = np.array([1.0, 2.0])
    assert value_limits([settled], [settled, np.array([2.5])], by_ratio=False) is None
    assert value_limits([], [], by_ratio=False) is None
    bottom, top = value_limits([settled], [settled, np.array([1e20])], by_ratio=False) or (0, 0)
    assert 0.5 < bottom < 1.0
    assert 2.0 < top < 3.0


def test_on_a_logarithmic_axis_ratios_count() -> None:
    settled = np.array([0.01, 1.0])
    assert value_limits([settled], [settled, np.array([50.0])], by_ratio=True) is None
    bottom, top = value_limits([settled], [settled, np.array([1e90])], by_ratio=True) or (0, 0)
    assert 0 < bottom < 0.01
    assert 1.0 < top < 100.0


def test_only_what_can_be_drawn_is() -> None:
    assert drawable(np.array([1e308, -1e308, 1e-300, 5.0])).tolist() == [1e100, -1e100, 0.0, 5.0]


def test_axes_of_the_start_show_the_starts_of_the_trials_or_the_ends_of_the_axis() -> None:
    start = {"x": {"values": [-1.0, 3.0]}}
    problem = ExpressionProblem.model_validate({"expression": "x**2", "start": start})
    ((low, high),) = axis_limits(problem, figure_samples.figure_data(figure_samples.setting(0)))
    assert low < -1.0 < 3.0 < high
    trial = figure_samples.run(x=[1.0, 1.5])
    ((low, high),) = axis_limits(problem, figure_samples.figure_data(figure_samples.setting(0, trial)))
    assert 0.5 < low < 1.0 < 1.5 < high < 2.0
