"""One number of a formula that lies on the device."""

from typing import Any

import torch
from torch import Tensor


class DeviceNumber:
    """A tensor of shape [] times a factor that is known on the host. Nothing ever waits for it.

    Args:
        tensor: on the device.
        factor: kept apart until the product is needed.
        is_magnitude: whether the product is known not to be negative.
    """

    __slots__ = ("factor", "is_magnitude", "tensor")

    def __init__(self, tensor: Tensor, factor: float = 1.0, *, is_magnitude: bool = False) -> None:
        self.tensor = tensor
        self.factor = factor
        self.is_magnitude = is_magnitude

    def value(self) -> Tensor:
        """The product."""
        return self.tensor if self.factor == 1.0 else self.tensor * self.factor

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, float | int):
            return DeviceNumber(self.tensor, self.factor * other, is_magnitude=self.is_magnitude and other >= 0)
        if isinstance(other, DeviceNumber):
            both = self.is_magnitude and other.is_magnitude
            return DeviceNumber(self.tensor * other.tensor, self.factor * other.factor, is_magnitude=both)
        return NotImplemented

    __rmul__ = __mul__

    def __rtruediv__(self, other: float) -> "DeviceNumber":
        return DeviceNumber(self.tensor.reciprocal(), other / self.factor)

    def __rsub__(self, other: float) -> "DeviceNumber":
        return DeviceNumber(other - self.value())

    def minimum(self, other: float) -> "DeviceNumber":
        """The smaller of two numbers."""
        return self if other == float("inf") else DeviceNumber(self.value().clamp(max=other))

    def safe(self) -> "DeviceNumber":
        """The number, but 1 where it is 0."""
        value = self.value()
        return DeviceNumber(torch.where(value == 0, 1.0, value))
