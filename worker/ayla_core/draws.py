"""Random draws of expressions: start points and noise of gradients, each a pure function of seed, stream and counter.

Raw bits are those of Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): the key is
(seed, stream), the counter (place of the pair of draws, step, 0, 0). So no draw depends on another one, nothing has to
be remembered between steps, and a trial has the same draws in every job. Weights and mini-batches come from generators
of NumPy, which share nothing with these.

The mapping to numbers is made of operations that every machine rounds alike (+ - * / and the square root), in one
order. ``native/draws.c`` and ``draws_reference`` do the same, and give the same bits.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
"""Numbers of 32 bits, in twice the room for their products."""


class Stream(enum.IntEnum):
    """What is drawn; draws of one stream say nothing about another's."""

    START = 1
    NOISE = 2


ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient of polynomials; coefficients from the highest power down."""

    numerator: tuple[float, ...]
    denominator: tuple[float, ...]


# Wichura (1988), Algorithm AS 241, PPND16: about 16 digits.
CENTRE = Ratio(
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.3871328727963666080),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
TAIL = Ratio(
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
FAR_TAIL = Ratio(
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip

# Logarithm of 1 + f, as in fdlibm: coefficients of s⁴, s⁸, … and of s², s⁶, …, with s = f/(2 + f).
LOG_EVEN = (1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01)
LOG_ODD = (1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01, 6.666666666666735130e-01)
LN2 = 0.6931471805599453
ROOT2 = 1.4142135623730951


def philox(counter: Sequence[Words], key: Sequence[Words]) -> list[Words]:
    """Four words of 32 bits for each counter of four words and key of two, which broadcast against each other."""
    a, b, c, d = counter
    k, m = key
    for _ in range(ROUNDS):
        left, right = np.uint64(MULTIPLIERS[0]) * a, np.uint64(MULTIPLIERS[1]) * c
        a, b, c, d = (right >> _HALF) ^ b ^ k, right & _LOW, (left >> _HALF) ^ d ^ m, left & _LOW
        k, m = (k + np.uint64(KEY_STEPS[0])) & _LOW, (m + np.uint64(KEY_STEPS[1])) & _LOW
    return [a, b, c, d]


def uniforms(stream: Stream, seeds: npt.ArrayLike, steps: npt.ArrayLike, count: int) -> Floats:
    """Draws between 0 and 1, of 52 bits each: odd multiples of 2⁻⁵³, so never 0, 1 or 1/2.

    Args:
        stream: what they are for.
        seeds: of the trials, whole numbers below 2³².
        steps: likewise; 0 for what is drawn once.
        count: draws of each trial and step; the first n of them are the same for every count.

    Returns:
        Shape [steps, seeds, count].
    """
    steps, seeds = np.asarray(steps, dtype=np.uint64), np.asarray(seeds, dtype=np.uint64)
    pairs = np.arange((count + 1) // 2, dtype=np.uint64)
    zero = np.zeros((), dtype=np.uint64)
    counter = (pairs, steps[:, None, None], zero, zero)
    words = philox(counter, (seeds[None, :, None], np.asarray(stream, dtype=np.uint64)))
    bits = np.stack([words[0] | words[1] << _HALF, words[2] | words[3] << _HALF], axis=-1)
    bits = bits.reshape(len(steps), len(seeds), -1)[:, :, :count]
    return ((bits >> np.uint64(12)).astype(np.float64) * 2 + 1) * 2.0**-53


def normals(stream: Stream, seeds: npt.ArrayLike, steps: npt.ArrayLike, count: int) -> Floats:
    """Standard normal draws: the quantiles of the uniform ones (see ``uniforms``)."""
    return normal_quantile(uniforms(stream, seeds, steps, count))


def normal_quantile(probability: Floats) -> Floats:
    """Φ⁻¹ of numbers between 0 and 1, to about 16 digits."""
    q = probability - 0.5
    root = np.sqrt(-_log(np.where(q < 0, probability, 1 - probability)))
    inner, far = np.abs(q) <= 0.425, root > 5
    r = np.where(inner, 0.180625 - q * q, np.where(far, root - 5, root - 1.6))
    above, below = (
        np.where(inner, centre, np.where(far, far_tail, tail))
        for centre, tail, far_tail in zip(_both(CENTRE, r), _both(TAIL, r), _both(FAR_TAIL, r), strict=True)
    )
    whole: Floats = np.where(inner, q * above, np.where(q < 0, -above, above)) / below
    return whole


def _log(number: Floats) -> Floats:
    """The natural logarithm of positive normal numbers."""
    mantissa, exponent = np.frexp(number)
    mantissa, exponent = mantissa * 2, exponent - 1.0
    large = mantissa > ROOT2
    f = np.where(large, mantissa * 0.5, mantissa) - 1
    s = f / (2 + f)
    w = s * s * (s * s)
    rest = w * _polynomial(LOG_EVEN, w) + s * s * _polynomial(LOG_ODD, w)
    half = 0.5 * f * f
    logarithm: Floats = (exponent + large) * LN2 + (f - (half - s * (half + rest)))
    return logarithm


def _both(ratio: Ratio, r: Floats) -> tuple[Any, Any]:
    return _polynomial(ratio.numerator, r), _polynomial(ratio.denominator, r)


def _polynomial(coefficients: Sequence[float], r: Floats) -> Any:
    total: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * r + coefficient
    return total
