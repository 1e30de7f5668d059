"""Scrambled Sobol points: they fill a cube more evenly than independent draws.

Direction numbers are those of Joe and Kuo (2008, "new-joe-kuo-6.21201"), the scrambling is Owen's nested one in the
form of Laine and Karras with the constants of Vegdahl (Burley 2020, "Practical hash-based Owen scrambling"). Each
dimension is scrambled by a key of its own, so that one that two arms share is the same in both, and the others are
not. SciPy scrambles all dimensions by one generator, and takes longer to import than most jobs to be planned.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_BITS = 32
_U = np.uint32
_TABLE = (
    (1, 0, 1),
    (2, 1, 1, 3),
    (3, 1, 1, 3, 1),
    (3, 2, 1, 1, 1),
    (4, 1, 1, 1, 3, 3),
    (4, 4, 1, 3, 5, 13),
    (5, 2, 1, 1, 5, 5, 17),
    (5, 4, 1, 1, 5, 5, 5),
    (5, 7, 1, 1, 7, 11, 19),
    (5, 11, 1, 1, 5, 1, 1),
    (5, 13, 1, 1, 1, 3, 11),
    (5, 14, 1, 3, 5, 5, 31),
    (6, 1, 1, 3, 3, 9, 7, 49),
    (6, 13, 1, 1, 1, 15, 21, 21),
    (6, 16, 1, 3, 1, 13, 27, 49),
    (6, 19, 1, 1, 1, 15, 7, 5),
    (6, 22, 1, 3, 1, 15, 13, 25),
    (6, 25, 1, 1, 5, 5, 19, 61),
    (7, 1, 1, 3, 7, 11, 23, 15, 103),
    (7, 4, 1, 3, 7, 13, 13, 15, 69),
    (7, 7, 1, 1, 3, 13, 7, 35, 63),
    (7, 8, 1, 3, 5, 9, 1, 25, 53),
    (7, 14, 1, 3, 1, 13, 9, 35, 107),
    (7, 19, 1, 3, 1, 5, 27, 61, 31),
    (7, 21, 1, 1, 5, 11, 19, 41, 61),
    (7, 28, 1, 3, 5, 3, 3, 13, 69),
    (7, 31, 1, 1, 7, 13, 1, 19, 1),
    (7, 32, 1, 3, 7, 5, 13, 19, 59),
    (7, 37, 1, 1, 3, 9, 25, 29, 41),
    (7, 41, 1, 3, 5, 13, 23, 1, 55),
    (7, 42, 1, 3, 7, 3, 13, 59, 17),
    (7, 50, 1, 3, 1, 3, 5, 53, 69),
    (7, 55, 1, 1, 5, 5, 23, 33, 13),
    (7, 56, 1, 1, 7, 7, 1, 61, 123),
    (7, 59, 1, 1, 7, 9, 13, 61, 49),
    (7, 62, 1, 3, 3, 5, 3, 55, 33),
    (8, 14, 1, 3, 1, 15, 31, 13, 49, 245),
    (8, 21, 1, 3, 5, 15, 31, 59, 63, 97),
    (8, 22, 1, 3, 1, 11, 11, 11, 77, 249),
)
"""Of each dimension after the first: degree s and coefficients a of its primitive polynomial, and m_1 to m_s."""

DIMENSIONS = len(_TABLE) + 1


def sobol(dimension: int, count: int, key: int) -> NDArray[np.float64]:
    """The first points of a scrambled Sobol sequence in one dimension, from 0 to below 1.

    Args:
        dimension: from 0 to ``DIMENSIONS - 1``. Points of one sequence take another one for each axis.
        count: of points.
        key: scrambles the dimension; 32 bits.
    """
    return scrambled(sequence(dimension, count), key) / 2.0**_BITS


def sequence(dimension: int, count: int) -> NDArray[np.uint32]:
    """The points as they are without scrambling, in the order of plain binary numbers, as fractions of 2**32."""
    points = np.zeros(1, dtype=_U)
    for direction in _directions(dimension):
        if len(points) >= count:
            break
        points = np.concatenate([points, points ^ _U(direction)])
    return points[:count]


def scrambled(points: NDArray[np.uint32], key: int) -> NDArray[np.uint32]:
    """The points after a nested uniform scrambling: each bit is turned over or not, as the bits above it decide."""
    found = _reversed(points) + _U(key)
    for factor in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
        found ^= found * _U(factor)
    return _reversed(found)


@cache
def _directions(dimension: int) -> tuple[int, ...]:
    """The direction numbers of a dimension."""
    if dimension == 0:
        return tuple(1 << (_BITS - 1 - bit) for bit in range(_BITS))
    degree, coefficients, *initial = _TABLE[dimension - 1]
    found = [number << (_BITS - 1 - bit) for bit, number in enumerate(initial)]
    for bit in range(degree, _BITS):
        number = found[bit - degree] ^ (found[bit - degree] >> degree)
        for place in range(1, degree):
            if (coefficients >> (degree - 1 - place)) & 1:
                number ^= found[bit - place]
        found.append(number)
    return tuple(found)


def _reversed(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The bits of each number in the opposite order."""
    found = numbers
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF)):
        found = ((found >> _U(shift)) & _U(mask)) | ((found & _U(mask)) << _U(shift))
    return (found >> _U(16)) | (found << _U(16))
