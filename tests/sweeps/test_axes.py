"""Places along an axis: values of their own where they were listed, bins where they were drawn."""

import numpy as np
import pytest
from ayla_service.sweeps.axes import MOST_PLACES, SweepAxis, backward, forward, places_along


def test_listed_values_are_places_of_their_own() -> None:
    places = places_along(SweepAxis("a"), np.array([3.0, 1.0, np.nan, 3.0, 2.0]), 2)
    assert list(places.centres) == [1, 2, 3]
    assert places.edges is None
    assert list(places.of(np.array([3.0, 1.0, np.nan, 2.0]))) == [2, 0, -1, 1]


def test_values_of_two_grids_that_differ_in_the_last_bit_are_one() -> None:
    other = np.nextafter(0.1, 1)
    places = places_along(SweepAxis("a", "log"), np.array([0.1, other, 0.2]), 1)
    assert len(places.centres) == 2
    assert list(places.of(np.array([0.1, other, 0.2, np.nextafter(0.1, 0)]))) == [0, 0, 1, 0]


def test_drawn_values_go_into_bins_of_equal_width_on_their_scale() -> None:
    drawn = 10 ** np.random.default_rng(0).uniform(-4, 0, 1000)
    places = places_along(SweepAxis("a", "log", is_drawn=True), drawn, 2)
    assert places.edges is not None
    assert len(places.centres) == 10  # the cube root of 1000, along each of two axes
    assert np.diff(np.log10(places.edges)) == pytest.approx(np.log10(drawn.max() / drawn.min()) / 10)
    at = places.of(drawn)
    assert at.min() == 0
    assert at.max() == 9
    assert ((drawn >= places.edges[at]) & (drawn <= places.edges[at + 1])).all()
    assert len(places_along(SweepAxis("a", "log", is_drawn=True), drawn, 1).centres) == 32  # the square root


def test_bins_can_be_asked_for() -> None:
    places = places_along(SweepAxis("a"), np.arange(100.0), 1, bins=4)
    assert places.edges == pytest.approx([0, 24.75, 49.5, 74.25, 99])


def test_more_values_than_places_go_into_bins() -> None:
    places = places_along(SweepAxis("a"), np.arange(5000.0), 1)
    assert places.edges is not None
    assert len(places.centres) <= MOST_PLACES


def test_a_logarithm_of_what_is_not_positive_is_none() -> None:
    places = places_along(SweepAxis("a", "log", is_drawn=True), np.array([-1.0, 0.0, 1.0, 2.0]), 1)
    assert places.axis.scale == "linear"


@pytest.mark.parametrize("scale", ["linear", "log", "reverse-log"])
def test_scales_go_forward_and_back(scale: str) -> None:
    values = np.array([0.1, 0.5, 0.9, 0.999])
    positions = forward(scale, values)  # type: ignore[arg-type]
    assert (np.diff(positions) > 0).all()
    assert backward(scale, positions) == pytest.approx(values)  # type: ignore[arg-type]


def test_an_axis_that_nobody_has_has_no_places() -> None:
    places = places_along(SweepAxis("a"), np.array([np.nan, np.nan]), 1)
    assert len(places.centres) == 0
    assert list(places.of(np.array([1.0, np.nan]))) == [-1, -1]
