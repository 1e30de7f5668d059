"""Transformation of the loss that a step is given."""

from dataclasses import dataclass, field

import numpy as np
import torch
from ayla_spec.optimizers import Ayla
from torch import Tensor

from ayla_core.layout import Layout
from ayla_core.transform import PowerTransform


@dataclass(frozen=True, slots=True)
class ScaledLoss:
    """Eq. 1 at one loss; tensors of shape [] on its device, so that nothing waits for it.

    Attributes:
        scale: v.
        transformed: L.
        limited: whether max_scale lowered v.
    """

    scale: Tensor
    transformed: Tensor
    limited: Tensor


@dataclass
class LossTransform:
    """Eq. 1 for losses of any type on any device."""

    ayla: Ayla
    _transforms: dict[Layout, PowerTransform] = field(default_factory=dict)

    def apply(self, loss: Tensor) -> ScaledLoss:
        """Scale and transformed loss. Computed in float32 at least: powers need more digits than float16 has."""
        loss = loss.detach().reshape(1)
        loss = loss.to(torch.promote_types(loss.dtype, torch.float32))
        factors = self._transform(Layout(loss.dtype, loss.device)).factors(loss.abs())
        limited = torch.zeros_like(loss, dtype=torch.bool) if factors.limited is None else factors.limited
        return ScaledLoss(*(part.reshape(()) for part in (factors.scale, loss * factors.power, limited)))

    def _transform(self, layout: Layout) -> PowerTransform:
        if layout not in self._transforms:
            self._transforms[layout] = PowerTransform([self.ayla], layout)
        return self._transforms[layout]


def as_tensor(loss: object) -> Tensor:
    """A loss as it was handed over.

    Raises:
        TypeError: where there is none.
        ValueError: where it is not one real number.
    """
    if loss is None:
        raise TypeError(
            "AYLA needs the loss of every step: opt.step(loss), opt.step(closure) where the closure returns it, or "
            "opt.set_loss(loss) before a step that somebody else makes"
        )
    if isinstance(loss, bool) or not isinstance(loss, Tensor | float | int | np.number):
        raise TypeError(f"the loss must be a tensor or a number, not {type(loss).__qualname__}")
    if isinstance(loss, np.complexfloating):
        raise ValueError("the loss must be one real number, not a complex one")  # noqa: TRY004
    tensor = loss if isinstance(loss, Tensor) else torch.tensor(float(loss), dtype=torch.float64)
    if tensor.numel() != 1 or tensor.is_complex():
        raise ValueError(f"the loss must be one real number, not {tensor.dtype} of shape {list(tensor.shape)}")
    return tensor
