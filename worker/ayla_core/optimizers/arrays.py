"""Functions of arrays of update numbers, for the rules (``ayla_torch.rules.Mathematics``)."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Momentum = Callable[[float, float, Any], Any]

sqrt, maximum, where = np.sqrt, np.maximum, np.where


def momenta(momentum: Momentum, beta1: float, decay: float, t: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """μ_t and μ_{t+1}, and their products M_t and M_{t+1}, from t = 1."""
    after = t.astype(np.int64)
    now = after - 1
    mu, product = _table(momentum, beta1, decay, 1 << int(after.max()).bit_length())
    return mu[now], mu[after], product[now], product[after]


@functools.lru_cache(maxsize=64)
def _table(momentum: Momentum, beta1: float, decay: float, count: int) -> tuple[Floats, Floats]:
    """μ_t and M_t for t from 1 to ``count``; kept, as every block of steps needs them again."""
    mu: Floats = momentum(beta1, decay, np.arange(1, count + 1, dtype=np.float64))
    product: Floats = np.asarray(np.cumprod(mu), dtype=np.float64)
    return mu, product
