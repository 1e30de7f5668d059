"""Curves of one line of text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

_BLOCKS = "▁▂▃▄▅▆▇█"
_GONE = "×"
"""Where the curve is not finite."""

_DECADE = 10.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A curve as one line of text.

    Attributes:
        text: a character for each piece of the curve, of the height of the median there.
        first: the first finite value.
        last: the last value; NaN where it is not finite.
        low: the least finite value.
        high: the largest.
        is_log: whether heights are logarithmic: where all values are positive and span a decade or more.
    """

    text: str
    first: float
    last: float
    low: float
    high: float
    is_log: bool

    @property
    def scale(self) -> str:
        """The name of the scale."""
        return "log" if self.is_log else "linear"


def sparkline(values: Sequence[float], width: int = 40) -> Sparkline | None:
    """The curve of these values, in their order; None where none is finite.

    Args:
        values: at equal distances.
        width: characters, at most.
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    is_log = low > 0 and high / low >= _DECADE
    heights = [_median(piece) for piece in _pieces(values, width)]
    text = "".join(_block(height, low, high, is_log=is_log) for height in heights)
    return Sparkline(text, finite[0], values[-1] if math.isfinite(values[-1]) else math.nan, low, high, is_log)


def _pieces(values: Sequence[float], width: int) -> list[Sequence[float]]:
    """The values in at most ``width`` pieces of about the same length."""
    count = min(width, len(values))
    edges = [round(index * len(values) / count) for index in range(count + 1)]
    return [values[start:end] for start, end in itertools.pairwise(edges)]


def _median(piece: Sequence[float]) -> float:
    finite = [value for value in piece if math.isfinite(value)]
    return sorted(finite)[len(finite) // 2] if finite else math.nan


def _block(height: float, low: float, high: float, *, is_log: bool) -> str:
    if not math.isfinite(height):
        return _GONE
    if high == low:
        return _BLOCKS[len(_BLOCKS) // 2]
    share = math.log(height / low) / math.log(high / low) if is_log else (height - low) / (high - low)
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]
