"""Adam, and with AYLA the literal eq. 5-7 (AYLA.md section 3)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from ayla_spec.optimizers import Adam
from torch import Tensor

from ayla_core.layout import Layout


class AdamRule:
    """Moving averages whose weights follow the loss.

    With u = G/v (∇l, unless each sample is transformed), w1 = v(1-β1) and w2 = v²(1-β2)::

        m ← (1-w1) m + w1 u          m̂ = m / (v (1-β1^t))
        s ← (1-w2) s + w2 u²         ŝ = s / (v² (1-β2^t))
        x ← x - lr · m̂ / (√ŝ + ε)

    The last line is computed as lr · (m / (1-β1^t)) / (√(s / (1-β2^t)) + ε v), which is the same without dividing by
    v and v²: where |l|^n is far from 1 these leave the range of floating-point numbers long before the step does.
    Without AYLA v = 1 and this is Adam. Where ``cap_weights`` is set, w1 and w2 are taken as at most 1; the bias
    corrections stay as they are. Both moments lie in one tensor, shape [2, trials, parameters], so that every operation
    below serves both.
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

    def update(self, parameters: Tensor, slope: Tensor, scale: Tensor, place: int) -> None:
        """Move the parameters by one step, in place."""
        weights = torch.minimum(torch.stack((scale, scale * scale)).mul_(self._weights), self._ceiling)
        new = torch.stack((slope, slope * slope)).mul_(weights)
        self._moments.mul_(weights.neg_().add_(1.0)).add_(new)
        first, second = (self._moments / self._corrections[place]).unbind(0)
        root = second.sqrt_().add_(self._epsilon * scale)
        # Both are 0 where a gradient has always been, or v² is too small to be told from 0: there is nowhere to go.
        parameters.sub_(first.mul_(self._learning_rate).div_(root.masked_fill_(root == 0, 1.0)))

    def capped(self, scale: Tensor) -> Tensor:
        """Where v(1-β1) or v²(1-β2) is above the ceiling; bool, shape of ``scale`` [steps, trials]."""
        scales = torch.stack((scale, scale * scale)).unsqueeze(-1)
        over = scales * self._weights.unsqueeze(1) > self._ceiling
        return over.squeeze(-1).any(0)
