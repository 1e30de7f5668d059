"""Random draws: published bits, one mapping to numbers by every way of computing, and the distributions they follow."""

import itertools
import re
import statistics
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from ayla_core import draws, draws_reference
from ayla_core.draws import Stream, normal_quantile, normals, uniforms
from scipy import special, stats  # type: ignore[import-untyped]

PAGE = Path(__file__).parents[2] / "docs" / "randomness.md"
KNOWN = [
    # Random123, tests/kat_vectors: counter, key, and what Philox 4x32-10 makes of them.
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
SEEDS = [0, 1, 7, 2**32 - 1]
STEPS = [0, 1, 5, 10_000_000]
SPREAD = [(2 * k + 1) / 2**53 for k in (0, 1, 5, 10**6, 2**37, 2**49, 2**51, 2**51 + 2**50, 2**52 - 1)]
"""Probabilities from the least to the greatest."""


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_bits_are_those_that_are_published(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    assert draws_reference.philox(counter, key) == words
    found = draws.philox([np.array([c], dtype=np.uint64) for c in counter], [np.array(k, dtype=np.uint64) for k in key])
    assert tuple(int(word[0]) for word in found) == words


def test_every_draw_is_that_of_the_reference_bit_for_bit() -> None:
    for stream in Stream:
        drawn = uniforms(stream, SEEDS, STEPS, 7)
        mapped = normals(stream, SEEDS, STEPS, 7)
        for (i, step), (j, seed), place in itertools.product(enumerate(STEPS), enumerate(SEEDS), range(7)):
            assert drawn[i, j, place] == draws_reference.uniform(stream, seed, step, place)
            assert mapped[i, j, place] == draws_reference.normal(stream, seed, step, place)


def test_the_published_table_holds() -> None:
    """Bits and uniform numbers are exact; the normal ones are SciPy's up to its own rounding."""
    rows = re.findall(r"^\| (start|noise) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) >= 12
    for stream, rest in rows:
        seed, step, place, bits, u, z = (cell.strip(" `") for cell in rest.split("|"))
        draw = Stream[stream.upper()], int(seed), int(step), int(place)
        high, low = (int(word, 16) for word in bits.split())
        words = draws_reference.philox((draw[3] // 2, draw[2], 0, 0), (draw[1], draw[0]))
        assert (low, high) == (words[2:] if draw[3] % 2 else words[:2])
        assert Fraction(u) == pytest.approx(Fraction(2 * ((high << 32 | low) >> 12) + 1, 2**53))
        assert (float(u), float(z)) == (draws_reference.uniform(*draw), draws_reference.normal(*draw))
        assert float(z) == pytest.approx(special.ndtri(float(u)), rel=4e-15)


def test_a_uniform_draw_is_its_52_bits_and_a_half() -> None:
    for place in range(4):
        words = draws_reference.philox((place // 2, 3, 0, 0), (9, Stream.NOISE))
        low, high = words[2 * (place % 2)], words[2 * (place % 2) + 1]
        exact = (Fraction((high << 20) + (low >> 12)) + Fraction(1, 2)) / 2**52
        assert Fraction(float(uniforms(Stream.NOISE, [9], [3], 4)[0, 0, place])) == exact


def test_more_draws_begin_with_the_fewer() -> None:
    many = uniforms(Stream.START, SEEDS, STEPS, 9)
    for count in (1, 2, 5):
        np.testing.assert_array_equal(uniforms(Stream.START, SEEDS, STEPS, count), many[:, :, :count])


def test_normal_draws_are_the_quantiles_of_the_normal_distribution() -> None:
    drawn = np.concatenate([uniforms(Stream.NOISE, range(100), range(20), 10).ravel(), SPREAD])
    found = normal_quantile(drawn)
    np.testing.assert_allclose(found, special.ndtri(drawn), rtol=4e-15)
    assert [draws_reference.normal_quantile(p) for p in drawn[-2000:].tolist()] == found[-2000:].tolist()
    assert found[-9] == pytest.approx(statistics.NormalDist().inv_cdf(2.0**-53), rel=1e-14)
    assert max(abs(found)) < 8.22
    np.testing.assert_array_equal(normal_quantile(1 - drawn), -found)


def test_the_draws_follow_their_distributions() -> None:
    """With these seeds; a thousandth of other generators would fail."""
    for stream in Stream:
        drawn = uniforms(stream, range(200), range(50), 10)
        mapped = normal_quantile(drawn)
        assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.001
        assert stats.kstest(mapped.ravel(), "norm").pvalue > 0.001
        assert abs(mapped.mean()) < 0.01
        assert abs(mapped.std() - 1) < 0.01


def test_seeds_steps_components_and_streams_say_nothing_about_each_other() -> None:
    noise = normals(Stream.NOISE, range(100), range(100), 10)
    start = normals(Stream.START, range(100), range(100), 10)
    neighbours = [
        (noise[1:], noise[:-1]),
        (noise[:, 1:], noise[:, :-1]),
        (noise[:, :, 1:], noise[:, :, :-1]),
        (noise, start),
        (noise, noise.transpose(1, 0, 2)),
    ]
    for left, right in neighbours:
        apart = left != right
        assert abs(np.corrcoef(left[apart], right[apart])[0, 1]) < 4 / np.sqrt(apart.sum())
    assert len(np.unique(np.concatenate([noise.ravel(), start.ravel()]))) == noise.size + start.size
