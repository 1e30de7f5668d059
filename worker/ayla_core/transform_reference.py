"""Eq. 1 in plain Python floats: slow, one number at a time, to check ``transform`` against."""

import math


def exponent(loss: float, n1: float, n2: float) -> float:
    """The n of eq. 1: N1 if 0 < |l| < 1, N2 if |l| > 1, 1 if |l| = 1 or l = 0.

    Of a loss that is no number nothing is known: 1 if both are 1, else no number.
    """
    if math.isnan(loss):
        return 1.0 if n1 == n2 == 1 else math.nan
    if loss == 0 or abs(loss) == 1:
        return 1.0
    return n1 if abs(loss) < 1 else n2


def scale(loss: float, n1: float, n2: float, max_scale: float | None = None) -> float:
    """The scale v = n·|l|^(n-1), which is 1 where n = 1; everywhere at most ``max_scale``.

    Raises:
        OverflowError: where v is beyond the range of a float.
    """
    n = exponent(loss, n1, n2)
    v = 1.0 if n == 1 else n * math.pow(abs(loss), n - 1)
    return v if max_scale is None else min(v, max_scale)


def transformed_loss(loss: float, n1: float, n2: float) -> float:
    """L = sgn(l)·|l|^n."""
    return math.copysign(math.pow(abs(loss), exponent(loss, n1, n2)), loss)
