"""An expression of the contract as a program that computes its value and its gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

from ayla_spec.expression import Binary, Call, Compare, Constant, Expression, Negate, Node, Variable

from ayla_core.program.gradient import gradient
from ayla_core.program.graph import Graph

_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}


@dataclass(frozen=True, slots=True)
class ObjectiveProgram:
    """A compiled objective.

    Attributes:
        graph: the program.
        inputs: places of the variables, in the order given.
        loss: place of the value.
        slopes: places of the derivatives with respect to the variables.
    """

    graph: Graph
    inputs: tuple[int, ...]
    loss: int
    slopes: tuple[int, ...]

    @property
    def results(self) -> tuple[int, ...]:
        """Loss and derivatives."""
        return self.loss, *self.slopes


def compile_objective(expression: Expression, variables: Sequence[str]) -> ObjectiveProgram:
    """The program of an expression and of its gradient with respect to ``variables``."""
    graph = Graph()
    inputs = {name: graph.input(name) for name in variables}
    stack: list[int] = []
    for node in expression.postfix():
        stack.append(_value(graph, node, inputs, stack))
    loss = stack.pop()
    slopes = gradient(graph, loss, list(inputs.values()))
    return ObjectiveProgram(graph, tuple(inputs.values()), loss, tuple(slopes))


def _value(graph: Graph, node: Node, inputs: dict[str, int], stack: list[int]) -> int:
    match node:
        case Constant(value):
            return graph.constant(value)
        case Variable(name):
            return inputs[name]
        case Negate():
            return graph.apply("neg", stack.pop())
        case Binary(operator):
            right, left = stack.pop(), stack.pop()
            return graph.power(left, right) if operator == "**" else graph.apply(_ARITHMETIC[operator], left, right)
        case Compare(operator):
            right, left = stack.pop(), stack.pop()
            return _comparison(graph, operator, left, right)
        case Call(function, arguments):
            operands = stack[-len(arguments) :]
            del stack[-len(arguments) :]
            return _call(graph, function, operands)


def _comparison(graph: Graph, operator: str, left: int, right: int) -> int:
    if operator in (">", ">="):
        left, right = right, left
    return graph.apply("lt" if operator in ("<", ">") else "le", left, right)


def _call(graph: Graph, function: str, operands: list[int]) -> int:
    if function == "relu":
        # Written as a choice, so that the derivative at 0 is 0.
        zero = graph.constant(0.0)
        return graph.apply("where", graph.apply("lt", zero, operands[0]), operands[0], zero)
    return graph.apply(function, *operands)
