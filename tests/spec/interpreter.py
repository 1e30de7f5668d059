"""A stack machine over the parsed form, in Python floats or NumPy arrays: the slow twin of the core's programs."""

import math
import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from ayla_spec.expression import FUNCTIONS, Binary, Call, Compare, Constant, Expression, Negate, Node, Variable
from numpy.typing import NDArray

Array = NDArray[np.float64]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_ON_ARRAYS: dict[str, Callable[..., Any]] = {"abs": np.abs, "min": np.minimum, "max": np.maximum, "where": np.where}


def value_at(expression: Expression, point: Mapping[str, float]) -> float:
    """The value at one point, by ``math``."""
    return float(_run(expression, point, math))


def values_at(expression: Expression, points: Mapping[str, Array]) -> Array:
    """The values at many points at once, by NumPy."""
    value: Array = _run(expression, points, np)
    return value


def _run(expression: Expression, point: Mapping[str, Any], library: ModuleType) -> Any:
    stack: list[Any] = []
    for node in expression.postfix():
        _step(node, stack, point, library)
    (value,) = stack
    return value


def _step(node: Node, stack: list[Any], point: Mapping[str, Any], library: ModuleType) -> None:
    match node:
        case Constant(value):
            stack.append(value)
        case Variable(name):
            stack.append(point[name])
        case Negate():
            stack.append(-stack.pop())
        case Binary(sign) | Compare(sign):
            right, left = stack.pop(), stack.pop()
            stack.append(_OPERATORS[sign](left, right))
        case Call(function, arguments):
            given = stack[-len(arguments) :]
            del stack[-len(arguments) :]
            stack.append(_function(function, library)(*given))


def _function(name: str, library: ModuleType) -> Callable[..., Any]:
    if library is math:
        return FUNCTIONS[name].of_constants
    return _ON_ARRAYS.get(name) or getattr(np, name)
