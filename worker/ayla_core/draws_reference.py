"""Random draws in plain Python numbers, one at a time, to check the fast ones against (see ``draws``)."""

import math
from collections.abc import Sequence

from ayla_core.draws import CENTRE, FAR_TAIL, LN2, LOG_EVEN, LOG_ODD, ROOT2, TAIL, Stream

_WORD = 2**32


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Philox 4x32-10: four words of 32 bits."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, _WORD)
        high1, low1 = divmod(0xCD9E8D57 * c2, _WORD)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % _WORD, (k1 + 0xBB67AE85) % _WORD
    return c0, c1, c2, c3


def uniform(stream: Stream, seed: int, step: int, place: int) -> float:
    """The draw number ``place`` of a seed and step, between 0 and 1."""
    words = philox((place // 2, step, 0, 0), (seed, stream))
    low, high = words[2:] if place % 2 else words[:2]
    return (2 * ((low + high * _WORD) >> 12) + 1) / 2**53


def normal(stream: Stream, seed: int, step: int, place: int) -> float:
    """The same draw as a standard normal one."""
    return normal_quantile(uniform(stream, seed, step, place))


def normal_quantile(probability: float) -> float:
    """Φ⁻¹, by AS 241 (Wichura 1988)."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(CENTRE.numerator, r) / _polynomial(CENTRE.denominator, r)
    root = math.sqrt(-_log(probability if q < 0 else 1 - probability))
    ratio, r = (FAR_TAIL, root - 5) if root > 5 else (TAIL, root - 1.6)
    size = _polynomial(ratio.numerator, r) / _polynomial(ratio.denominator, r)
    return -size if q < 0 else size


def _log(number: float) -> float:
    """The natural logarithm: ln m + e·ln 2, where the number is m·2^e with m from √½ to √2; by fdlibm's series."""
    mantissa, exponent = math.frexp(number)
    mantissa, exponent = (mantissa, exponent) if mantissa > ROOT2 / 2 else (2 * mantissa, exponent - 1)
    f = mantissa - 1
    s = f / (2 + f)
    z = s * s
    rest = z * z * _polynomial(LOG_EVEN, z * z) + z * _polynomial(LOG_ODD, z * z)
    half = 0.5 * f * f
    return exponent * LN2 + (f - (half - s * (half + rest)))


def _polynomial(coefficients: Sequence[float], r: float) -> float:
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * r + coefficient
    return total
