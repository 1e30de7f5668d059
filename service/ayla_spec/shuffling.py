"""Shuffling by a function: where each of any number of places goes, without a list of them.

A Feistel network of four rounds on the smallest even number of bits that holds them; results beyond the last place are
put through it again (cycle walking). It is the same on every machine and with every version of NumPy.
"""

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 4
_U = np.uint64


def shuffled(places: NDArray[np.int64], count: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where places of ``0 .. count - 1`` go: for each key another permutation of them.

    Args:
        places: to look up.
        count: how many there are.
        keys: one for each place.
    """
    half = max(1, (max(count - 1, 1).bit_length() + 1) // 2)
    found = _permuted(places.astype(np.uint64), half, keys)
    while (beyond := found >= count).any():
        found[beyond] = _permuted(found[beyond], half, keys[beyond])
    return found.astype(np.int64)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of each number: the finalizer of SplitMix64."""
    found = numbers + _U(0x9E3779B97F4A7C15)
    found = (found ^ (found >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> _U(27))) * _U(0x94D049BB133111EB)
    return found ^ (found >> _U(31))


def _permuted(numbers: NDArray[np.uint64], half: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    low = _U((1 << half) - 1)
    left, right = numbers >> _U(half), numbers & low
    for number in range(_ROUNDS):
        left, right = right, left ^ (mixed(mixed(keys + _U(number)) ^ right) & low)
    return (left << _U(half)) | right
