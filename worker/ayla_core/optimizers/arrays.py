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


def momenta(
    momentum: Momentum, beta1: float | Floats, decay: float | Floats, t: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """μ_t and μ_{t+1}, and their products M_t and M_{t+1}, from t = 1."""
    after = t.astype(np.int64)
    now, count = after - 1, 1 << int(after.max()).bit_length()
    if np.ndim(beta1) == np.ndim(decay) == 0:
        mu, product = _table(momentum, float(beta1), float(decay), count)
        return mu[now], mu[after], product[now], product[after]
    found = np.empty((4, len(t)))
    pairs, row = np.unique(np.stack(np.broadcast_arrays(beta1, decay, t)[:2]), axis=1, return_inverse=True)
    order = np.argsort(row, kind="stable")
    for (one, other), places in zip(pairs.T.tolist(), np.split(order, np.cumsum(np.bincount(row))[:-1]), strict=True):
        found[:, places] = momenta(momentum, one, other, t[places])
    return found[0], found[1], found[2], found[3]


@functools.lru_cache(maxsize=64)
def _table(momentum: Momentum, beta1: float, decay: float, count: int) -> tuple[Floats, Floats]:
    """μ_t and M_t for t from 1 to ``count``; kept, as every block of steps needs them again."""
    mu: Floats = momentum(beta1, decay, np.arange(1, count + 1, dtype=np.float64))
    product: Floats = np.asarray(np.cumprod(mu), dtype=np.float64)
    return mu, product
