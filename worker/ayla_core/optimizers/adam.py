"""Adam, and with AYLA the literal eq. 5-7 (AYLA.md section 3)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from ayla_spec.optimizers import Adam
from torch import Tensor

from ayla_core.layout import Layout


class AdamRule:
    """Moving averages whose weights follow the loss, in terms of G = v·∇l.

    With w1 = v(1-β1) and w2 = v²(1-β2)::

        m ← (1-w1) m + (1-β1) G          m̂ = m / (v (1-β1^t))
        s ← (1-w2) s + (1-β2) G²         ŝ = s / (v² (1-β2^t))
        x ← x - lr · m̂ / (√ŝ + ε)

    Without AYLA v = 1 and this is Adam. Where ``cap_weights`` is set, a weight above 1 is taken as 1 on both sides:
    m ← G/v, s ← (G/v)². The bias corrections stay as they are. Both moments lie in one tensor, shape
    [2, trials, parameters], so that every operation below serves both.
    """

    def __init__(self, settings: Sequence[Adam], parameters: int, layout: Layout) -> None:
        self._layout = layout
        self._learning_rate = layout.column(item.learning_rate for item in settings)
        self._epsilon = layout.column(item.epsilon for item in settings)
        self._betas = np.array([[item.beta1 for item in settings], [item.beta2 for item in settings]])
        self._weights = torch.stack([layout.column(1 - beta) for beta in self._betas])
        caps = [item.ayla is not None and item.ayla.cap_weights for item in settings]
        self._ceiling = layout.column(1.0 if cap else math.inf for cap in caps)
        self._moments = torch.zeros((2, len(settings), parameters), dtype=layout.dtype, device=layout.device)
        self._corrections: tuple[Tensor, ...] = ()

    def state(self) -> dict[str, Tensor]:
        """Both moments, shape [2, trials, parameters]."""
        return {"moments": self._moments}

    def prepare(self, first: int, count: int) -> None:
        """The bias corrections 1 - β^t of the coming updates, each of shape [2, trials, 1]."""
        distinct, places = np.unique(self._betas, return_inverse=True)
        table = np.array([[1 - math.pow(beta, t) for beta in distinct] for t in range(first, first + count)])
        corrections = table[:, places.reshape(self._betas.shape)]
        whole = torch.tensor(corrections, dtype=self._layout.dtype, device=self._layout.device)
        self._corrections = whole.unsqueeze(-1).unbind(0)

    def update(self, parameters: Tensor, gradient: Tensor, scale: Tensor, place: int) -> None:
        """Move the parameters by one step, in place."""
        scales = torch.stack((scale, scale * scale))
        weights = scales * self._weights
        # Capped, 1 - w is 0 and the factor of G is 1/v (of G²: 1/v²); else both are the literal ones, bit for bit.
        take = torch.where(weights > self._ceiling, self._ceiling / scales, self._weights)
        keep = torch.minimum(weights, self._ceiling).neg_().add_(1.0)
        self._moments.mul_(keep).add_(torch.stack((gradient, gradient * gradient)).mul_(take))
        first, second = (self._moments / scales.mul_(self._corrections[place])).unbind(0)
        parameters.sub_(first.mul_(self._learning_rate).div_(second.sqrt_().add_(self._epsilon)))

    def capped(self, scale: Tensor) -> Tensor:
        """Where v(1-β1) or v²(1-β2) is above the ceiling; bool, shape of ``scale`` [steps, trials]."""
        scales = torch.stack((scale, scale * scale)).unsqueeze(-1)
        over = scales * self._weights.unsqueeze(1) > self._ceiling
        return over.squeeze(-1).any(0)
