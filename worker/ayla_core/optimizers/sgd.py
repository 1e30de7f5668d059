"""Stochastic gradient descent (AYLA.md section 2)."""

from collections.abc import Sequence

import torch
from ayla_spec.optimizers import Sgd
from torch import Tensor

from ayla_core.layout import Layout


class SgdRule:
    """x ← x - lr·G, with G = v·∇l."""

    def __init__(self, settings: Sequence[Sgd], parameters: int, layout: Layout) -> None:
        del parameters  # no memory, so nothing to shape
        self._learning_rate = layout.column(item.learning_rate for item in settings)

    def state(self) -> dict[str, Tensor]:
        """Nothing: SGD has no memory."""
        return {}

    def prepare(self, first: int, count: int) -> None:
        """Nothing: every update is the same."""

    def update(self, parameters: Tensor, slope: Tensor, scale: Tensor, place: int) -> None:
        """Move the parameters by one step, in place."""
        del place
        parameters.sub_((scale * slope).mul_(self._learning_rate))

    def capped(self, scale: Tensor) -> Tensor:
        """Never: there is no moving average."""
        return torch.zeros_like(scale, dtype=torch.bool)
