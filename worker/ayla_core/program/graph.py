"""Straight-line programs over numbers: every value is computed once, from constants, inputs and earlier values.

Both the objective with its gradient and the update rules become such programs. What runs them is elsewhere: PyTorch
tensor by tensor, or a compiled kernel.
"""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

CONSTANT = "constant"
INPUT = "input"

UNARY = (
    "neg", "abs", "sign", "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "sigmoid",
)  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow", "min", "max", "lt", "le", "ne")
OPERATIONS = (*UNARY, *BINARY, "powi", "where")
"""Every operation. Comparisons give 1 or 0; ``powi`` takes a constant whole exponent, which ``Value.number`` holds."""

MOST_WHOLE = 1024
"""Whole exponents up to that size are multiplied out."""

_FOLDED: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": lambda left, right: left / right if right else math.copysign(math.inf, right) * left,
}
_COMMUTE = frozenset({"add", "mul", "min", "max"})


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a program.

    Attributes:
        operation: one of ``OPERATIONS``, or CONSTANT or INPUT.
        operands: places of earlier values.
        number: of a constant; the exponent of ``powi``.
        name: of an input.
    """

    operation: str
    operands: tuple[int, ...] = ()
    number: float = 0.0
    name: str = ""


@dataclass(slots=True)
class Graph:
    """A program under construction. Equal values are one value."""

    values: list[Value] = field(default_factory=list)
    _places: dict[Value, int] = field(default_factory=dict)

    def input(self, name: str) -> int:
        """A number that is given when the program runs."""
        return self._place(Value(INPUT, name=name))

    def constant(self, number: float) -> int:
        """A number that is known now."""
        return self._place(Value(CONSTANT, number=float(number)))

    def apply(self, operation: str, *operands: int) -> int:
        """The value of an operation, simplified where that changes no bit of a finite result."""
        numbers = [self.number(place) for place in operands]
        simpler = self._simplified(operation, operands, numbers)
        if simpler is not None:
            return simpler
        if operation in _COMMUTE:
            operands = tuple(sorted(operands))
        return self._place(Value(operation, operands))

    def power(self, base: int, exponent: int) -> int:
        """``base ** exponent``: by multiplication, root or ``powi`` where the exponent allows, else ``pow``."""
        number = self.number(exponent)
        if number is None:
            return self.apply("pow", base, exponent)
        match number:
            case 0.0:
                return self.constant(1.0)
            case 1.0:
                return base
            case 2.0:
                return self.apply("mul", base, base)
            case 0.5:
                return self.apply("sqrt", base)
            case -1.0:
                return self.apply("div", self.constant(1.0), base)
        if number.is_integer() and abs(number) <= MOST_WHOLE:
            return self._place(Value("powi", (base,), number=number))
        return self.apply("pow", base, exponent)

    def number(self, place: int) -> float | None:
        """The number of a constant; None for any other value."""
        value = self.values[place]
        return value.number if value.operation == CONSTANT else None

    def needed(self, results: Iterable[int]) -> list[int]:
        """The places that the results depend on, in order."""
        wanted = set(results)
        for place in range(len(self.values) - 1, -1, -1):
            if place in wanted:
                wanted.update(self.values[place].operands)
        return sorted(wanted)

    def _place(self, value: Value) -> int:
        # -0.0 equals 0.0 and would take its place.
        key = Value(CONSTANT, number=math.inf, name="-0") if _is_negative_zero(value) else value
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.values)
            self.values.append(value)
        return place

    def _simplified(self, operation: str, operands: tuple[int, ...], numbers: list[float | None]) -> int | None:
        if operation in _FOLDED and None not in numbers:
            left, right = (number for number in numbers if number is not None)
            return self.constant(_FOLDED[operation](left, right))
        if operation == "neg" and numbers[0] is not None:
            return self.constant(-numbers[0])
        if operation == "mul" and 1.0 in numbers:
            return operands[1 - numbers.index(1.0)]
        if operation == "mul" and -1.0 in numbers:
            return self.apply("neg", operands[1 - numbers.index(-1.0)])
        if operation == "div" and numbers[1] == 1.0:
            return operands[0]
        if operation == "where" and operands[1] == operands[2]:
            return operands[1]
        return None


def _is_negative_zero(value: Value) -> bool:
    return value.operation == CONSTANT and value.number == 0.0 and math.copysign(1.0, value.number) < 0
