"""One number of a formula that lies on the device, or is known on the host once a program is run."""

from collections.abc import Callable
from typing import Any

import torch


class FunctionOfScale:
    """A number of the host that follows from v: for a processor's parameters what a tensor of shape [] is for others.

    Args:
        of: gives it for a value of v.
    """

    __slots__ = ("of",)

    def __init__(self, of: Callable[[float], float]) -> None:
        self.of = of

    def __mul__(self, other: "float | FunctionOfScale") -> "FunctionOfScale":
        first = self.of
        if isinstance(other, FunctionOfScale):
            second = other.of
            return FunctionOfScale(lambda v: first(v) * second(v))
        return FunctionOfScale(lambda v: first(v) * other)

    def __rsub__(self, other: float) -> "FunctionOfScale":
        own = self.of
        return FunctionOfScale(lambda v: other - own(v))

    def reciprocal(self) -> "FunctionOfScale":
        """1 / this, which is not 0."""
        own = self.of
        return FunctionOfScale(lambda v: 1.0 / own(v))

    def clamp(self, *, min: float = -float("inf"), max: float = float("inf")) -> "FunctionOfScale":  # noqa: A002  # as of tensors
        """Between two bounds."""
        own, low, high = self.of, min, max
        return FunctionOfScale(lambda v: low if own(v) < low else high if own(v) > high else own(v))

    def safe(self) -> "FunctionOfScale":
        """The number, but 1 where it is 0."""
        own = self.of
        return FunctionOfScale(lambda v: own(v) or 1.0)


class DeviceNumber:
    """A tensor of shape [] times a factor that is known on the host. Nothing ever waits for it.

    Args:
        tensor: on the device; or the function of v that stands in its place.
        factor: kept apart until the product is needed.
        is_magnitude: whether the product is known not to be negative.
    """

    __slots__ = ("factor", "is_magnitude", "tensor")

    def __init__(self, tensor: Any, factor: float = 1.0, *, is_magnitude: bool = False) -> None:
        self.tensor = tensor
        self.factor = factor
        self.is_magnitude = is_magnitude

    def value(self) -> Any:
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
        if isinstance(value, FunctionOfScale):
            return DeviceNumber(value.safe())
        return DeviceNumber(torch.where(value == 0, 1.0, value))
