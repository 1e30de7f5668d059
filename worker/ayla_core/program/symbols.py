"""Numbers that write down what is done with them: how a formula in Python becomes a program."""

from dataclasses import dataclass
from typing import Union

from ayla_core.program.graph import Graph

Operand = Union["Symbol", float]


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A value of a graph that can be calculated with like a number or a tensor."""

    graph: Graph
    place: int

    def __add__(self, other: Operand) -> "Symbol":
        return self._with("add", other)

    def __radd__(self, other: Operand) -> "Symbol":
        return self._with("add", other)

    def __sub__(self, other: Operand) -> "Symbol":
        return self._with("sub", other)

    def __rsub__(self, other: Operand) -> "Symbol":
        return self._lift(other)._with("sub", self)

    def __mul__(self, other: Operand) -> "Symbol":
        return self._with("mul", other)

    def __rmul__(self, other: Operand) -> "Symbol":
        return self._with("mul", other)

    def __truediv__(self, other: Operand) -> "Symbol":
        return self._with("div", other)

    def __rtruediv__(self, other: Operand) -> "Symbol":
        return self._lift(other)._with("div", self)

    def __neg__(self) -> "Symbol":
        return self._alone("neg")

    def sqrt(self) -> "Symbol":
        """Square root."""
        return self._alone("sqrt")

    def abs(self) -> "Symbol":
        """Absolute value."""
        return self._alone("abs")

    def sign(self) -> "Symbol":
        """1, 0 or -1."""
        return self._alone("sign")

    def minimum(self, other: Operand) -> "Symbol":
        """The smaller of two numbers."""
        return self._with("min", other)

    def maximum(self, other: Operand) -> "Symbol":
        """The larger of two numbers."""
        return self._with("max", other)

    def ne(self, other: Operand) -> "Symbol":
        """Whether they differ."""
        return self._with("ne", other)

    def gt(self, other: Operand) -> "Symbol":
        """Whether this is the larger one."""
        return self._lift(other)._with("lt", self)

    def where(self, condition: "Symbol", other: Operand) -> "Symbol":
        """This where the condition holds, else the other."""
        chosen = self.graph.apply("where", condition.place, self.place, self._lift(other).place)
        return Symbol(self.graph, chosen)

    def _with(self, operation: str, other: Operand) -> "Symbol":
        return Symbol(self.graph, self.graph.apply(operation, self.place, self._lift(other).place))

    def _alone(self, operation: str) -> "Symbol":
        return Symbol(self.graph, self.graph.apply(operation, self.place))

    def _lift(self, other: Operand) -> "Symbol":
        return other if isinstance(other, Symbol) else Symbol(self.graph, self.graph.constant(other))
