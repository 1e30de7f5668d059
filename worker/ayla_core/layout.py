"""Shape and type of the tensors of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

VECTOR_LANES = 32
"""Elements that PyTorch's widest CPU loop handles at once (float32, AVX-512, unrolled twice)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Type and device of every tensor of a batch.

    Attributes:
        dtype: floating-point type of the whole computation.
        device: where it happens.
    """

    dtype: torch.dtype
    device: torch.device

    def scalar(self, value: float) -> Tensor:
        """One host number as a tensor, shape []."""
        return torch.tensor(value, dtype=self.dtype, device=self.device)

    def vector(self, values: npt.NDArray[Any] | Sequence[float]) -> Tensor:
        """Host numbers as a tensor, shape [number of values]."""
        return torch.tensor(values, dtype=self.dtype, device=self.device)

    def column(self, values: npt.NDArray[Any] | Sequence[float]) -> Tensor:
        """Host numbers as a tensor that broadcasts over the parameters of a trial, shape [number of values, 1]."""
        return self.vector(values).unsqueeze(1)


def padded(count: int) -> int:
    """``count`` rounded up to whole vector lanes.

    The elements that are left over after the last whole lane are computed by another routine, which can differ in
    the last bit (powers do). In a padded batch a trial's numbers do not depend on its place or its neighbours.
    """
    return -(-count // VECTOR_LANES) * VECTOR_LANES
