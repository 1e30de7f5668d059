"""Derivatives of a program, as more of the same program (reverse accumulation)."""

from collections.abc import Callable, Sequence

from ayla_core.program.graph import Graph, Value
from ayla_core.program.symbols import Symbol

Contributions = tuple[Symbol | None, ...]
"""Share of each operand in the derivative; None where it has none."""

Derivative = Callable[[Symbol, Symbol, tuple[Symbol, ...]], Contributions]
"""From the derivative with respect to a value, the value and its operands."""


def _product(g: Symbol, _: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    left, right = operands
    return g * right, g * left


def _quotient(g: Symbol, value: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    share = g / operands[1]
    return share, -(share * value)


def _power(g: Symbol, value: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    """b·a^(b-1), 0 where b = 0; a^b·log a, 0 where a = 0."""
    base, exponent = operands
    slope = exponent * Symbol(g.graph, g.graph.power(base.place, (exponent - 1.0).place))
    if g.graph.number(exponent.place) is not None:
        return g * slope, None
    logarithm = Symbol(g.graph, g.graph.apply("log", base.place))
    zero = Symbol(g.graph, g.graph.constant(0.0))
    return (g * slope).where(exponent.ne(0.0), zero), (g * value * logarithm).where(base.ne(0.0), zero)


def _smaller(g: Symbol, _: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    left, right = operands
    return g * _wins(left, right), g * _wins(right, left)


def _larger(g: Symbol, _: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    left, right = operands
    return g * _wins(right, left), g * _wins(left, right)


def _wins(lower: Symbol, upper: Symbol) -> Symbol:
    """1 where lower < upper, 1/2 where they are equal, else 0."""
    graph = lower.graph
    strictly = Symbol(graph, graph.apply("lt", lower.place, upper.place))
    at_most = Symbol(graph, graph.apply("le", lower.place, upper.place))
    return (strictly + at_most) * 0.5


def _chosen(g: Symbol, _: Symbol, operands: tuple[Symbol, ...]) -> Contributions:
    zero = Symbol(g.graph, g.graph.constant(0.0))
    return None, g.where(operands[0], zero), zero.where(operands[0], g)


def _call(operation: str, operand: Symbol) -> Symbol:
    return Symbol(operand.graph, operand.graph.apply(operation, operand.place))


_DERIVATIVES: dict[str, Derivative] = {
    "add": lambda g, _, __: (g, g),
    "sub": lambda g, _, __: (g, -g),
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "min": _smaller,
    "max": _larger,
    "where": _chosen,
    "neg": lambda g, _, __: (-g,),
    "abs": lambda g, _, of: (g * of[0].sign(),),
    "sqrt": lambda g, value, _: (g * 0.5 / value,),
    "exp": lambda g, value, _: (g * value,),
    "log": lambda g, _, of: (g / of[0],),
    "sin": lambda g, _, of: (g * _call("cos", of[0]),),
    "cos": lambda g, _, of: (-(g * _call("sin", of[0])),),
    "tan": lambda g, value, _: (g * (1.0 + value * value),),
    "asin": lambda g, _, of: (g / (1.0 - of[0] * of[0]).sqrt(),),
    "acos": lambda g, _, of: (-(g / (1.0 - of[0] * of[0]).sqrt()),),
    "atan": lambda g, _, of: (g / (1.0 + of[0] * of[0]),),
    "sinh": lambda g, _, of: (g * _call("cosh", of[0]),),
    "cosh": lambda g, _, of: (g * _call("sinh", of[0]),),
    "tanh": lambda g, value, _: (g * (1.0 - value * value),),
    "sigmoid": lambda g, value, _: (g * (value * (1.0 - value)),),
}
"""Comparisons and ``sign`` are missing: nothing flows through them."""


def gradient(graph: Graph, result: int, inputs: Sequence[int]) -> list[int]:
    """The derivatives of ``result`` with respect to ``inputs``; new values are added to the graph."""
    slopes: dict[int, Symbol] = {result: Symbol(graph, graph.constant(1.0))}
    in_branches: set[int] = set()
    for place in reversed(graph.needed([result])):
        slope = slopes.get(place)
        value = graph.values[place]
        if slope is None or not value.operands:
            continue
        gains = _contributions(graph, slope, place, value)
        if place in in_branches:
            gains = tuple(None if gained is None else _unless_zero(slope, gained) for gained in gains)
        if value.operation == "where" or place in in_branches:
            in_branches.update(value.operands)
        for operand, gained in zip(value.operands, gains, strict=True):
            if gained is not None:
                slopes[operand] = slopes[operand] + gained if operand in slopes else gained
    zero = graph.constant(0.0)
    return [slopes[place].place if place in slopes else zero for place in inputs]


def _unless_zero(slope: Symbol, gained: Symbol) -> Symbol:
    """The share, but 0 where the slope is 0.

    Below a choice the slope of the branch not chosen is 0, and so is everything that comes of it, even where the
    branch has no finite derivative.
    """
    return gained.where(slope.ne(0.0), Symbol(slope.graph, slope.graph.constant(0.0)))


def _contributions(graph: Graph, slope: Symbol, place: int, value: Value) -> Contributions:
    operands = tuple(Symbol(graph, operand) for operand in value.operands)
    if value.operation == "powi":
        lowered = graph.power(operands[0].place, graph.constant(value.number - 1))
        return (slope * (Symbol(graph, lowered) * value.number),)
    derivative = _DERIVATIVES.get(value.operation)
    if derivative is None:
        return (None,) * len(operands)
    return derivative(slope, Symbol(graph, place), operands)
