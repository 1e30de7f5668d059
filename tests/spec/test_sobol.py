"""Sobol points, held against SciPy's."""

import numpy as np
import pytest
from ayla_spec.sobol import DIMENSIONS, scrambled, sequence, sobol
from scipy.stats import qmc  # type: ignore[import-untyped]


def test_unscrambled_points_are_those_of_scipy() -> None:
    # SciPy's come in the order of Gray's code, so as many as a power of two are the same ones.
    theirs = qmc.Sobol(d=DIMENSIONS, scramble=False).random_base2(9)
    ours = np.stack([sequence(dimension, 512) / 2.0**32 for dimension in range(DIMENSIONS)], axis=1)
    assert sorted(map(tuple, ours)) == sorted(map(tuple, theirs))


@pytest.mark.parametrize("dimension", range(DIMENSIONS))
def test_scrambled_points_have_one_in_each_equal_part(dimension: int) -> None:
    for key in (0, 1, 0xFFFFFFFF):
        assert sorted((sobol(dimension, 256, key) * 256).astype(int)) == list(range(256))


def test_scrambling_keeps_what_makes_points_even_in_two_dimensions() -> None:
    one, other = (sobol(dimension, 256, 77 + dimension) for dimension in (0, 1))
    assert sorted((one * 16).astype(int) * 16 + (other * 16).astype(int)) == list(range(256))


def test_keys_give_points_of_their_own_and_the_first_stay_the_first() -> None:
    assert (sobol(3, 1000, 5)[:100] == sobol(3, 100, 5)).all()
    assert (sobol(3, 100, 5) != sobol(3, 100, 6)).mean() > 0.9
    assert len(np.unique(scrambled(np.arange(10_000, dtype=np.uint32), 9))) == 10_000


def test_scrambled_points_are_more_even_than_those_of_chance() -> None:
    ours = np.stack([sobol(dimension, 256, 1000 + dimension) for dimension in range(6)], axis=1)
    chance = np.random.default_rng(0).random((256, 6))
    assert qmc.discrepancy(ours) < qmc.discrepancy(chance) / 4
