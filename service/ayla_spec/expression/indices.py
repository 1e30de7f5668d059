"""Index arithmetic: integers known when the expression is parsed."""

import ast
import operator
from collections.abc import Callable

from ayla_spec.expression.errors import ExpressionError, error_at, shown
from ayla_spec.expression.grammar import CONSTANTS
from ayla_spec.expression.scope import NameScope
from ayla_spec.limits import MAX_INDEX

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def integer(node: ast.expr, scope: NameScope) -> int:
    """The integer that ``node`` is in ``scope``; every step of the way lies within ``MAX_INDEX``.

    Raises:
        ExpressionError: if it is anything but ``+ - * //`` of integers, index names and lengths.
    """
    scope.quota.spend_index_step(node)
    match node:
        case ast.Constant(value=value) if type(value) is int:
            return _bounded(value, node)
        case ast.Name():
            return _named(node, scope)
        case ast.UnaryOp(op=ast.USub()):
            return -integer(node.operand, scope)
        case ast.BinOp():
            return _chain(node, scope)
        case ast.Call(func=ast.Name(id="len")):
            return length(node, scope)
        case _:
            raise _no_integer(node)


def length(node: ast.Call, scope: NameScope) -> int:
    """The value of ``len(x)``."""
    if node.keywords or len(node.args) != 1:
        raise error_at(node, "len takes exactly one vector, as in len(x).")
    _, count = scope.vector(node.args[0], "len")
    return count


def _chain(node: ast.BinOp, scope: NameScope) -> int:
    """``a + b - c …`` from the left, in a loop, since such a chain may be long."""
    pending = [node]
    while isinstance(pending[-1].left, ast.BinOp):
        pending.append(pending[-1].left)
    value = integer(pending[-1].left, scope)
    for step in reversed(pending):
        scope.quota.spend_index_step(step)
        value = _bounded(_operation(step, value, integer(step.right, scope)), step)
    return value


def _operation(node: ast.BinOp, left: int, right: int) -> int:
    operation = _OPERATORS.get(type(node.op))
    if operation is None:
        raise error_at(node, "indices are computed with + - * // only; for division write i // 2.")
    if operation is operator.floordiv and right == 0:
        raise error_at(node, "this index is divided by zero.")
    return operation(left, right)


def _bounded(value: int, node: ast.expr) -> int:
    if abs(value) > MAX_INDEX:
        raise error_at(node, f"this integer is too large; indices and ranges lie within ±{MAX_INDEX}.")
    return value


def _named(node: ast.Name, scope: NameScope) -> int:
    value = scope.indices.get(node.id)
    if value is not None:
        return value
    if scope.is_vector(node):
        raise error_at(node, f"'{node.id}' is a vector, not an index; for its length write len({node.id}).")
    if node.id in scope.variables or node.id in CONSTANTS:
        raise error_at(node, f"an index must be a whole number that is known beforehand; {shown(node.id)} is not.")
    raise scope.unknown(node)


def _no_integer(node: ast.expr) -> ExpressionError:
    if isinstance(node, ast.Slice):
        return error_at(node, "slices are not allowed; write one index, as in x[0], or a sum over a range.")
    return error_at(node, "an index is made of whole numbers, index names, len(x) and + - * //, as in x[i + 1].")
