"""Operations on constants become constants, in float arithmetic and never with Python's unbounded integers."""

import ast
import math
import operator
from collections.abc import Callable

from ayla_spec.expression.errors import ExpressionError, column_of, error_at
from ayla_spec.expression.grammar import FUNCTIONS
from ayla_spec.expression.nodes import Binary, Call, Compare, Constant, Negate, Node

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": math.pow,
}

_COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def fold(node: Node, at: ast.expr) -> Node:
    """``node``, or what it comes to where its direct operands are constants.

    Args:
        node: a node whose operands are folded already.
        at: its place in the source.

    Raises:
        ExpressionError: if the constant has no finite real value.
    """
    try:
        return _folded(node, at)
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise error_at(at, f"this constant has no finite real value ({error}).") from error


def finite(value: float, at: ast.expr) -> float:
    """``value``, refused if it is NaN or infinite."""
    if not math.isfinite(value):
        raise error_at(at, "this constant is not a finite number.")
    return value


def _folded(node: Node, at: ast.expr) -> Node:
    match node:
        case Negate(Constant(value)):
            return Constant(-value, column_of(at))
        case Binary(sign, Constant(left), Constant(right)):
            return Constant(finite(_ARITHMETIC[sign](left, right), at), column_of(at))
        case Call("where", (Compare(sign, Constant(left), Constant(right)), then, otherwise)):
            return then if _COMPARISON[sign](left, right) else otherwise
        case Call(name, arguments):
            return _folded_call(node, name, arguments, at)
        case _:
            return node


def _folded_call(node: Node, name: str, arguments: tuple[Node, ...], at: ast.expr) -> Node:
    values = [item.value for item in arguments if isinstance(item, Constant)]
    if len(values) < len(arguments):
        return node
    return Constant(finite(FUNCTIONS[name].of_constants(*values), at), column_of(at))
