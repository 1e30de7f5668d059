"""Transformation of the loss that a step is given."""

import numbers
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ayla_torch.settings import TransformSettings
from ayla_torch.transform import ExponentTable


class ScaledLoss(NamedTuple):
    """Eq. 1 at one loss; tensors of shape [] on its device, so that nothing waits for it.

    Attributes:
        loss: l.
        power: |l|^(n-1).
        scale: v.
        limited: whether max_scale lowered v; None where there is no max_scale.
    """

    loss: Tensor
    power: Tensor
    scale: Tensor
    limited: Tensor | None


class LossTransform:
    """Eq. 1 for losses of any type on any device.

    Args:
        settings: of AYLA.
    """

    def __init__(self, settings: TransformSettings) -> None:
        self.settings = settings
        self._is_identity = settings.n1 == settings.n2 == 1 and settings.max_scale is None
        self._exponents: dict[tuple[torch.dtype, torch.device], ExponentTable] = {}

    def apply(self, loss: Tensor) -> ScaledLoss:
        """Scale and transformed loss. Computed in float32 at least: powers need more digits than float16 has."""
        loss = loss.detach()
        if loss.dim():
            loss = loss.reshape(())
        if loss.dtype not in (torch.float32, torch.float64):
            loss = loss.to(torch.promote_types(loss.dtype, torch.float32))
        if self._is_identity:
            one = torch.ones_like(loss)
            return ScaledLoss(loss, one, one, None)
        key = (loss.dtype, loss.device)
        exponents = self._exponents.get(key)
        if exponents is None:
            exponents = self._exponents[key] = self._made(*key)
        return ScaledLoss(loss, *exponents.factors(loss.abs()))

    def _made(self, dtype: torch.dtype, device: torch.device) -> ExponentTable:
        def placed(number: float) -> Tensor:
            return torch.tensor(number, dtype=dtype, device=device)

        n1, n2, bound = self.settings.n1, self.settings.n2, self.settings.max_scale
        below, above = placed(n1), placed(n2)
        return ExponentTable(below, above, None if bound is None else placed(bound), below if n2 == 1 != n1 else None)


def as_tensor(loss: object) -> Tensor:
    """A loss as it was handed over.

    Raises:
        TypeError: where there is none.
        ValueError: where it is not one real number.
    """
    if isinstance(loss, Tensor):
        if loss.dim() == 0 and loss.dtype.is_floating_point:
            return loss
        if loss.numel() != 1 or loss.is_complex():
            raise ValueError(f"the loss must be one real number, not {loss.dtype} of shape {list(loss.shape)}")
        return loss
    if loss is None:
        raise TypeError(
            "AYLA needs the loss of every step: opt.step(loss), opt.step(closure) where the closure returns it, or "
            "opt.set_loss(loss) before a step that somebody else makes"
        )
    if isinstance(loss, bool) or not isinstance(loss, numbers.Complex):
        raise TypeError(f"the loss must be a tensor or a number, not {type(loss).__qualname__}")
    if not isinstance(loss, numbers.Real):
        raise ValueError("the loss must be one real number, not a complex one")  # noqa: TRY004
    return torch.tensor(float(loss), dtype=torch.float64)


class Ranks:
    """The processes that train together, and whose mean loss counts.

    Args:
        process_group: of ``torch.distributed``.
    """

    def __init__(self, process_group: Any) -> None:
        self.process_group = process_group

    def mean(self, loss: Tensor, device: torch.device) -> Tensor:
        """The mean of the losses of all ranks, shape [], computed where the parameters lie."""
        from torch import distributed  # only where it is used

        total = loss.detach().reshape(()).to(device, torch.promote_types(loss.dtype, torch.float32), copy=True)
        distributed.all_reduce(total, group=self.process_group)
        return total / distributed.get_world_size(self.process_group)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ranks":
        return self

    def __reduce__(self) -> Any:
        raise TypeError("a process group cannot be pickled: save AYLA's state_dict(), and make AYLA anew to load it")
