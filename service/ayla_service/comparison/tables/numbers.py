"""Numbers of tables, with as many digits as their interval makes meaningful."""

import math
from dataclasses import dataclass

from ayla_service.comparison.schemas import ConfidenceInterval

_USUAL_DIGITS, _FEWEST_DIGITS, _MOST_DIGITS = 4, 2, 8
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e6
_MEANINGFUL = 2
"""Digits of an interval's width that are told; the median has no more places than its interval."""


@dataclass(frozen=True, slots=True)
class Written:
    """A number in parts, which each format puts together in its own way.

    Attributes:
        sign: "-", "+" or "".
        digits: without a sign; "inf" if it is infinite.
        exponent: of the power of ten; None without one.
    """

    sign: str
    digits: str
    exponent: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a table.

    Attributes:
        value: any but NaN.
        place: power of ten of the last digit that means something; None: as many digits as ``digits``.
        digits: significant ones where no place is known.
        signed: whether a plus is written, as of differences.
    """

    value: float
    place: int | None = None
    digits: int = _USUAL_DIGITS
    signed: bool = False

    def written(self) -> Written:
        """The number in parts."""
        sign = "-" if self.value < 0 else "+" if self.signed and self.value > 0 else ""
        size = abs(self.value)
        if math.isinf(size):
            return Written(sign, "inf")
        if size == 0 or _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
            decimals = max(0, self._significant(size) - 1 - _magnitude(size))
            return Written(sign, self._trimmed(f"{size:.{decimals}f}"))
        mantissa, _, exponent = f"{size:.{self._significant(size) - 1}e}".partition("e")
        return Written(sign, self._trimmed(mantissa), int(exponent))

    def _significant(self, size: float) -> int:
        if self.place is None:
            return self.digits
        return min(max(_magnitude(size) - self.place + 1, _FEWEST_DIGITS), _MOST_DIGITS)

    def _trimmed(self, digits: str) -> str:
        """Zeros at the end say how exact a number is; where that is not known they are left out."""
        return digits.rstrip("0").rstrip(".") if self.place is None and "." in digits else digits


def last_place(value: float, interval: ConfidenceInterval | None) -> int | None:
    """Power of ten of the last meaningful digit of a median: the second of its interval's width.

    An infinite end does not count; None where there is no width.
    """
    if interval is None:
        return None
    known = [end for end in (value, *ends(interval)) if math.isfinite(end)]
    width = max(known) - min(known) if known else 0.0
    return _magnitude(width) - _MEANINGFUL + 1 if 0 < width < math.inf else None


def ends(interval: ConfidenceInterval) -> tuple[float, float]:
    """Both ends as numbers, infinite ones too."""
    low = -math.inf if interval.low_infinity == "-inf" else math.inf if interval.low is None else interval.low
    high = -math.inf if interval.high_infinity == "-inf" else math.inf if interval.high is None else interval.high
    return low, high


def _magnitude(size: float) -> int:
    return math.floor(math.log10(size)) if size else 0
