"""Lists of tensors as the numbers of a formula."""

from typing import TYPE_CHECKING, Any

from ayla_torch.foreach import kernels
from ayla_torch.foreach.numbers import DeviceNumber, FunctionOfScale

if TYPE_CHECKING:
    from ayla_torch.foreach.program import Program


class ForeachList:
    """A list of tensors in a program: ``factor * number * top * times / bottom``.

    Its parts are kept apart until the product is needed, because they often become part of the next operation:
    x - lr·m/d is one.

    Args:
        program: where operations are written down.
        top: a register; None is 1.
        times: likewise.
        bottom: likewise.
        factor: a number known on the host.
        number: one on the device, a tensor of shape [], or a function of v; None is 1.
    """

    __slots__ = ("_program", "bottom", "factor", "number", "times", "top")

    def __init__(
        self,
        program: "Program",
        top: int | None,
        factor: float = 1.0,
        number: Any = None,
        times: int | None = None,
        bottom: int | None = None,
    ) -> None:
        self._program = program
        self.top = top
        self.factor = factor
        self.number = number
        self.times = times
        self.bottom = bottom

    def register(self) -> int:
        """The register of all of it, multiplied out."""
        place = self._bare()
        if self.number is not None:
            number = self.number if self.factor == 1.0 else self.number * self.factor
            return self._program.emit(kernels.scale, (place,), number)
        return place if self.factor == 1.0 else self._program.emit(kernels.scale, (place,), self.factor)

    def _bare(self) -> int:
        """The register of what there is beside factor and number."""
        place, emit = self.top, self._program.emit
        if self.times is not None:
            place = self.times if place is None else emit(kernels.multiply, (place, self.times))
        if self.bottom is not None:
            place = (
                emit(kernels.reciprocal, (self.bottom,))
                if place is None
                else emit(kernels.divide, (place, self.bottom))
            )
        assert place is not None  # noqa: S101  # for the type checker: a list has one part at least
        return place

    def _is_plain(self) -> bool:
        return self.times is None and self.bottom is None and self.factor == 1.0 and self.number is None

    def _times(self, factor: float, number: Any) -> "ForeachList":
        if self.number is not None:
            number = self.number if number is None else self.number * number
        return ForeachList(self._program, self.top, self.factor * factor, number, self.times, self.bottom)

    def _emitted(self, *arguments: Any) -> "ForeachList":
        return ForeachList(self._program, self._program.emit(*arguments))

    def __mul__(self, other: Any) -> "ForeachList":
        if isinstance(other, float | int):
            return self._times(other, None)
        if isinstance(other, DeviceNumber):
            return self._times(other.factor, other.tensor)
        if other.top is None and other.times is None and self.bottom is None:
            divided = ForeachList(self._program, self.top, self.factor, self.number, self.times, other.bottom)
        else:
            divided = ForeachList(self._program, self._bare(), self.factor, self.number, other._bare())
        return divided._times(other.factor, other.number)

    __rmul__ = __mul__

    def __truediv__(self, other: "ForeachList") -> "ForeachList":
        top = self if self.bottom is None else ForeachList(self._program, self._bare(), self.factor, self.number)
        factor, below = other.factor, other._bare()
        if other.number is not None:
            factor, below = 1.0, other.register()
        return ForeachList(self._program, top.top, top.factor / factor, top.number, top.times, below)

    def __rtruediv__(self, other: float) -> "ForeachList":
        return ForeachList(self._program, None, other) / self

    def __add__(self, other: Any) -> "ForeachList":
        if isinstance(other, ForeachList):
            return self._plus(other)
        if self.number is not None or self.factor == 0.0:
            return self._whole().__add__(other)
        place, shift = self._bare(), other * (1.0 / self.factor)
        is_magnitude = place in self._program.magnitudes
        if not isinstance(shift, DeviceNumber):
            return self._shifted(place, shift, is_positive=is_magnitude and shift >= self._program.least)
        number = shift.value()
        if is_magnitude and shift.is_magnitude:
            return self._shifted(place, number.clamp(min=self._program.least), is_positive=True)
        return self._shifted(place, number, is_positive=False)

    def _shifted(self, place: int, number: Any, *, is_positive: bool) -> "ForeachList":
        shifted = self._program.emit(kernels.shift, (place,), number)
        if is_positive:
            self._program.positive.add(shifted)
        return ForeachList(self._program, shifted, self.factor)

    def _plus(self, other: "ForeachList") -> "ForeachList":
        if self.factor == 0.0:
            return other
        if other.factor == 0.0:
            return self
        # The one that is there already is what the other is added to.
        first, second = (other, self) if other._is_plain() and not self._is_plain() else (self, other)
        base = first.register()
        if isinstance(second.number, FunctionOfScale):
            return self._added(base, second, second.number * second.factor)
        if second.number is not None and second.bottom is None:
            return self._emitted(kernels.add_scaled, (base, second._bare()), second.factor, second.number)
        if second.number is not None and second.bottom is not None:
            # 0 becomes infinity, and what is divided by it 0 again.
            scaled = self._program.emit(kernels.scale, (second.bottom,), second.number.reciprocal())
            second = ForeachList(self._program, second.top, second.factor, None, second.times, scaled)
        return self._added(base, second, second.factor)

    def _added(self, base: int, second: "ForeachList", factor: "float | FunctionOfScale") -> "ForeachList":
        """What is there already plus factor * second, apart from its own factor and number."""
        if second.bottom is not None and second.top is not None and second.times is None:
            return self._emitted(kernels.add_quotient, (base, second.top, second.bottom), factor)
        if second.times is not None and second.top is not None and second.bottom is None:
            return self._emitted(kernels.add_product, (base, second.top, second.times), factor)
        return self._emitted(kernels.add, (base, second._bare()), factor)

    def __sub__(self, other: "ForeachList") -> "ForeachList":
        return self._plus(other._times(-1.0, None))

    def sqrt(self) -> "ForeachList":
        """Square roots."""
        root = self._program.emit(kernels.root, (self.register(),))
        self._program.magnitudes.add(root)
        return ForeachList(self._program, root)

    def abs(self) -> "ForeachList":
        """Absolute values."""
        absolute = self._program.emit(kernels.absolute, (self.register(),))
        self._program.magnitudes.add(absolute)
        return ForeachList(self._program, absolute)

    def sign(self) -> "ForeachList":
        """1, 0 or -1."""
        return self._emitted(kernels.signs, (self.register(),))

    def maximum(self, other: "ForeachList") -> "ForeachList":
        """The larger ones."""
        if other.factor == 0.0:
            return self._emitted(kernels.at_least, (self.register(),), 0.0)
        second = other.register()
        larger = self._program.emit(kernels.maximum, (self.register(), second))
        if second in self._program.positive:
            self._program.positive.add(larger)
        return ForeachList(self._program, larger)

    def once(self) -> "ForeachList":
        """The same, multiplied out unless it is a list times a number of the host, which becomes part of operations."""
        is_simple = isinstance(self.number, FunctionOfScale) and self.times is None and self.bottom is None
        return self if is_simple else self._whole()

    def _whole(self) -> "ForeachList":
        return ForeachList(self._program, self.register())

    def averaged(self, new: "ForeachList", weight: DeviceNumber) -> "ForeachList":
        """(1 - w) times this + w times the new ones."""
        share = weight.value()
        is_product = new.top is not None and new.times is not None and new.bottom is None
        if isinstance(share, FunctionOfScale) and is_product:
            rest = self._program.emit(kernels.scale, (self.register(),), 1.0 - share)
            factor = share * new.factor if new.number is None else new.number * new.factor * share
            return self._added(rest, new, factor)
        return self._emitted(kernels.average, (self.register(), new.register()), share)

    def safe(self) -> "ForeachList":
        """The numbers, none of which is negative, but at least ``Program.least``."""
        if self.number is not None:
            return self._whole().safe()
        place = self._bare()
        if place not in self._program.positive:
            place = self._program.emit(kernels.at_least, (place,), self._program.least)
        return ForeachList(self._program, place, self.factor)
