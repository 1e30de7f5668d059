"""Objective of an expression at many points at once, by NumPy; the core computes the same with torch."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ayla_spec.expression import Binary, Call, Compare, Constant, Expression, Negate, Node, Variable, parse
from ayla_spec.problems import ExpressionProblem

from ayla_service.figures.data import Floats, drawable

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    # The operator squares fast; the function does not.
    "**": lambda base, exponent: np.asarray(base) ** exponent,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0.0),
    "min": np.minimum,
    "max": np.maximum,
    "where": np.where,
}


def operation_count(expression: Expression) -> int:
    """The number of operations for one value."""
    return sum(1 for _ in expression.postfix())


def evaluate(expression: Expression, points: Mapping[str, Floats]) -> Floats:
    """The values at many points; NaN where there is none that is finite.

    Args:
        expression: of any size: no recursion, and as many arrays at a time as it is deep.
        points: for each of its variables the values, arrays of one shape.
    """
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for node in expression.postfix():
            _step(node, stack, points)
    (found,) = stack
    shape = np.broadcast_shapes(*(np.shape(array) for array in points.values()))
    whole = np.broadcast_to(np.asarray(found, dtype=np.float64), shape)
    return np.where(np.isfinite(whole), whole, np.nan)


def transformed_loss(loss: Floats, n1: float, n2: float) -> Floats:
    """The loss as AYLA sees it (eq. 1): sgn(l)·|l|^n, with n1 where |l| < 1 and n2 where it is more."""
    size = np.abs(loss)
    with np.errstate(all="ignore"):
        found = np.sign(loss) * size ** np.where(size < 1, n1, n2)
    return np.where(np.isfinite(found), found, np.nan)


def _step(node: Node, stack: list[Any], points: Mapping[str, Floats]) -> None:
    match node:
        case Constant(value):
            stack.append(value)
        case Variable(name):
            stack.append(points[name])
        case Negate():
            stack.append(np.negative(stack.pop()))
        case Binary(sign) | Compare(sign):
            right, left = stack.pop(), stack.pop()
            stack.append(_OPERATORS[sign](left, right))
        case Call(function, arguments):
            given = stack[-len(arguments) :]
            del stack[-len(arguments) :]
            stack.append(FUNCTIONS[function](*given))


_MOST_OPERATIONS = 20_000_000
"""On numbers, for one figure: about a second of the dearest, a power."""

_MOST_PLACES, _LEAST_PLACES = 1000, 200
_MOST_SIDE, _LEAST_SIDE = 160, 24

Interval = tuple[float, float]


def on_line(problem: ExpressionProblem, interval: Interval) -> tuple[Floats, Floats]:
    """Places on an interval, and the heights of an objective of one parameter there.

    There are the fewer the more operations a value takes.
    """
    expression, (name,) = _parsed(problem)
    count = int(np.clip(_MOST_OPERATIONS // operation_count(expression), _LEAST_PLACES, _MOST_PLACES))
    places = np.linspace(*interval, count)
    return places, drawable(evaluate(expression, {name: places}))


def on_plane(problem: ExpressionProblem, across: Interval, up: Interval) -> tuple[Floats, Floats, Floats]:
    """A grid over a plane: values of the first parameter, of the second, and heights, shape [second, first]."""
    expression, (first, second) = _parsed(problem)
    side = int(np.clip((_MOST_OPERATIONS / operation_count(expression)) ** 0.5, _LEAST_SIDE, _MOST_SIDE))
    xs, ys = np.linspace(*across, side), np.linspace(*up, side)
    grid_x, grid_y = np.meshgrid(xs, ys)
    return xs, ys, drawable(evaluate(expression, {first: grid_x, second: grid_y}))


def _parsed(problem: ExpressionProblem) -> tuple[Expression, list[str]]:
    return parse(problem.expression, problem.shape), list(problem.flat_start)
