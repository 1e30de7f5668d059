"""Functions of one update number, for the rules (``rules.Mathematics``)."""

import math
from collections.abc import Callable

Momentum = Callable[[float, float, float], float]

_KEPT = 64
_products: dict[tuple[float, float, float], float] = {}


def sqrt(number: float, /) -> float:
    """Square root."""
    return math.sqrt(number)


def maximum(number: float, other: float, /) -> float:
    """The larger one."""
    return max(number, other)


def where(condition: bool, number: float, other: float, /) -> float:  # noqa: FBT001  # as of an array library
    """The number where the condition holds, else the other."""
    return number if condition else other


def momenta(momentum: Momentum, beta1: float, decay: float, t: float, /) -> tuple[float, float, float, float]:
    """μ_t and μ_{t+1}, and the products M_t and M_{t+1} of all from 1."""
    now, after = momentum(beta1, decay, t), momentum(beta1, decay, t + 1)
    before = _products.get((beta1, decay, t - 1))
    if before is None:
        before = math.prod(momentum(beta1, decay, k) for k in range(1, int(t)))
    product = _products[beta1, decay, t] = before * now
    if len(_products) > _KEPT:
        del _products[next(iter(_products))]
    return now, after, product, product * after
