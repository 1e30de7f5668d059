"""Student's t distribution with a whole number of degrees of freedom, exactly (Abramowitz & Stegun 1964, 26.7)."""

import math
from functools import lru_cache

_HALVINGS = 60


@lru_cache(maxsize=1024)
def central_quantile(confidence: float, degrees: int) -> float:
    """The t with ``P(-t < T < t) = confidence``, such as 2.262 for 95 % and 9 degrees of freedom.

    Args:
        confidence: in (0, 1).
        degrees: of freedom, at least 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _central(middle, degrees) < confidence else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _central(angle: float, degrees: int) -> float:
    """``P(-t < T < t)`` for ``t = sqrt(degrees)·tan(angle)``, equations 26.7.3 and 26.7.4."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for power in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (power - 1) / power
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if degrees > 1 else 0.0))
