"""The gradient as an update rule sees it: clipped, with the L2 penalty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from ayla_spec.optimizers import Optimizer, WithWeightDecay
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.norms import clipped


def penalty(settings: Optimizer) -> float:
    """The weight of the L2 penalty; decoupled weight decay is the rule's own affair."""
    return settings.weight_decay if isinstance(settings, WithWeightDecay) else 0.0


def prepares(settings: Optimizer) -> bool:
    """Whether the rule sees anything but the gradient itself."""
    return settings.clip_norm is not None or settings.clip_value is not None or penalty(settings) > 0


@dataclass(frozen=True, slots=True)
class Preparation:
    """For each row the largest norm, the largest component, the weight of the penalty; shape [rows, 1]."""

    clip_norm: Tensor
    clip_value: Tensor
    weight_decay: Tensor

    @classmethod
    def of(cls, settings: Sequence[Optimizer], layout: Layout) -> Self | None:
        """None where no row needs it."""
        if not any(map(prepares, settings)):
            return None
        infinity = float("inf")
        return cls(
            layout.column(item.clip_norm or infinity for item in settings),
            layout.column(item.clip_value or infinity for item in settings),
            layout.column(penalty(item) for item in settings),
        )

    def apply(self, gradient: Tensor, parameters: Tensor) -> Tensor:
        """The gradient, shape [rows, parameters], clipped by norm, then by component, then with the penalty added."""
        shortened = clipped(gradient, self.clip_norm)
        bounded = torch.minimum(torch.maximum(shortened, -self.clip_value), self.clip_value)
        return bounded + self.weight_decay * parameters
