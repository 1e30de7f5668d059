"""The gradient as an update rule sees it: clipped, with the L2 penalty."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.norms import clipped
from ayla_core.optimizers.arrays import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class GradientSettings:
    """What is done to each trial's gradient before its rule sees it; float64 of shape [trials].

    Attributes:
        clip_norm: the largest norm, infinite where there is none.
        clip_value: the largest component, likewise.
        weight_decay: the weight of the L2 penalty; decoupled weight decay is the rule's own affair.
    """

    clip_norm: Floats
    clip_value: Floats
    weight_decay: Floats

    @property
    def prepares(self) -> npt.NDArray[np.bool_]:
        """Whether a trial's rule sees anything but the gradient itself."""
        finite: Any = np.isfinite(self.clip_norm) | np.isfinite(self.clip_value)
        whole: npt.NDArray[np.bool_] = finite | (self.weight_decay > 0)
        return whole

    def take(self, trials: Integers) -> Self:
        """Of some trials."""
        return type(self)(self.clip_norm[trials], self.clip_value[trials], self.weight_decay[trials])


@dataclass(frozen=True, slots=True)
class Preparation:
    """For each row the largest norm, the largest component, the weight of the penalty; shape [rows, 1]."""

    clip_norm: Tensor
    clip_value: Tensor
    weight_decay: Tensor

    @classmethod
    def of(cls, rows: GradientSettings, layout: Layout) -> Self | None:
        """None where no row needs it."""
        if not rows.prepares.any():
            return None
        return cls(layout.column(rows.clip_norm), layout.column(rows.clip_value), layout.column(rows.weight_decay))

    def apply(self, gradient: Tensor, parameters: Tensor) -> Tensor:
        """The gradient, shape [rows, parameters], clipped by norm, then by component, then with the penalty added."""
        shortened = clipped(gradient, self.clip_norm)
        bounded = torch.minimum(torch.maximum(shortened, -self.clip_value), self.clip_value)
        return bounded + self.weight_decay * parameters
