"""Thinning: what it keeps, compared with a plain search for it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from ayla_service.trials.selection import Scale
from ayla_service.trials.thinning import every_nth, with_extremes
from hypothesis import given
from hypothesis import strategies as st

Column = Sequence[float] | npt.NDArray[np.float64]

LOSSES = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=200)
SCALES = st.sampled_from(Scale)


def _thinned(columns: Sequence[Column], max_points: int, scale: Scale, gap: int = 1) -> list[int]:
    steps = np.arange(len(columns[0])) * gap
    places: list[int] = with_extremes(
        steps, [np.asarray(column, dtype=np.float64) for column in columns], max_points, scale
    ).tolist()
    return places


@given(LOSSES, st.integers(2, 50), SCALES, st.sampled_from([1, 7, 1000]))
def test_the_ends_and_the_extremes_of_all_are_kept(
    losses: list[float], max_points: int, scale: Scale, gap: int
) -> None:
    kept = _thinned([losses], max_points, scale, gap)
    assert len(kept) <= max_points
    assert kept == sorted(set(kept))
    assert (kept[0], kept[-1]) == (0, len(losses) - 1)
    finite = [loss for loss in losses[1:-1] if math.isfinite(loss)]
    if finite and (max_points >= 4 or len(losses) <= max_points):
        assert {min(finite), max(finite)} <= {losses[place] for place in kept}


@given(LOSSES, st.integers(4, 50))
def test_linear_thinning_is_what_a_plain_search_finds(losses: list[float], max_points: int) -> None:
    inner, stretches = len(losses) - 2, (max_points - 2) // 2
    expected = set(range(len(losses)))
    if len(losses) > max_points:
        expected = {0, len(losses) - 1}
        for number in range(stretches):
            stretch = range(1 + number * inner // stretches, 1 + (number + 1) * inner // stretches)
            finite = [place for place in stretch if math.isfinite(losses[place])]
            if finite:
                expected |= {min(finite, key=losses.__getitem__), max(finite, key=losses.__getitem__)}
    assert _thinned([losses], max_points, Scale.LINEAR) == sorted(expected)


@given(LOSSES, LOSSES, st.integers(6, 60), SCALES)
def test_the_extremes_of_every_column_are_kept(
    first: list[float], second: list[float], max_points: int, scale: Scale
) -> None:
    length = min(len(first), len(second))
    columns = [first[:length], second[:length]]
    kept = _thinned(columns, max_points, scale)
    assert len(kept) <= max_points
    for column in columns:
        finite = [value for value in column[1:-1] if math.isfinite(value)]
        if finite:
            assert {min(finite), max(finite)} <= {column[place] for place in kept}


@pytest.mark.parametrize("gap", [1, 50])
def test_log_thinning_keeps_as_much_of_every_decade(gap: int) -> None:
    losses = np.random.default_rng(0).standard_normal(100_001)
    kept: npt.NDArray[np.int64] = np.array(_thinned([losses], 400, Scale.LOG, gap), dtype=np.int64) * gap
    counts = [int(((kept >= low * gap) & (kept < 10 * low * gap)).sum()) for low in (100, 1_000, 10_000)]
    assert max(counts) <= 1.2 * min(counts)
    assert 300 <= len(kept) <= 400


def test_a_spike_survives_on_either_scale() -> None:
    losses = np.ones(100_000)
    losses[77_777] = 1e9
    for scale in Scale:
        assert 77_777 in _thinned([losses], 10, scale)


def test_of_columns_without_room_nothing_is_looked_for() -> None:
    columns = [np.sin(np.arange(1000.0) + number) for number in range(8)]
    assert len(_thinned(columns, 5, Scale.LINEAR)) == 4
    assert _thinned(columns, 3, Scale.LINEAR) == [0, 999]
    assert _thinned(columns, 2, Scale.LOG) == [0, 999]


@given(st.integers(1, 100), st.integers(1, 120))
def test_every_nth_keeps_multiples_and_the_ends(rows: int, every: int) -> None:
    kept = every_nth(np.arange(rows), every).tolist()
    assert kept == sorted({0, rows - 1} | set(range(0, rows, every)))


def test_no_rows_stay_no_rows() -> None:
    assert every_nth(np.array([], dtype=np.int64), 3).tolist() == []
    assert _thinned([[]], 5, Scale.LOG) == []
