"""Text to a checked tree, by Python's own ``ast`` and a whitelist; nothing is ever evaluated by Python.

Constant sub-expressions are folded in float arithmetic, never with Python's unbounded integers, so ``9**9**9``
costs nothing and is refused.
"""

import ast
import math
from collections.abc import Collection

from ayla_spec.expression.grammar import CONSTANTS, FUNCTIONS, OPERATORS
from ayla_spec.expression.nodes import Binary, Call, Constant, Expression, Negate, Node, Variable
from ayla_spec.limits import (
    MAX_CONSTANT_EXPONENT,
    MAX_EXPRESSION_DEPTH,
    MAX_EXPRESSION_LENGTH,
    MAX_EXPRESSION_NODES,
)


class ExpressionError(ValueError):
    """The text is not an expression of this language; the message says where and what would be right."""


def parse(source: str, variables: Collection[str]) -> Expression:
    """Parse ``source`` as an expression over ``variables``.

    Args:
        source: at most ``MAX_EXPRESSION_LENGTH`` printable ASCII characters.
        variables: the names the expression may use besides functions and constants.

    Raises:
        ExpressionError: on anything outside the language or its limits.
    """
    _check_text(source)
    body = _python_tree(source.strip())
    _check_size(body)
    root = _Converter(variables).convert(body)
    used = dict.fromkeys(node.name for node in Expression(source, (), root).postfix() if isinstance(node, Variable))
    return Expression(source, tuple(used), root)


def _check_text(source: str) -> None:
    if not source.strip():
        raise ExpressionError("The expression is empty; write for example 'x**2 + y**2'.")
    if len(source) > MAX_EXPRESSION_LENGTH:
        raise ExpressionError(
            f"The expression has {len(source)} characters; at most {MAX_EXPRESSION_LENGTH} are allowed."
        )
    if "#" in source:
        raise ExpressionError(f"Column {source.index('#') + 1}: comments are not allowed; remove '#' and what follows.")
    for position, character in enumerate(source, start=1):
        if not " " <= character <= "~":
            raise ExpressionError(
                f"Character {position} ({character!a}) is not printable ASCII; "
                "write the expression on one line in plain letters."
            )


def _python_tree(source: str) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise ExpressionError(_too_deep()) from error
    except SyntaxError as error:
        if "too many nested" in str(error):
            raise ExpressionError(_too_deep()) from error
        raise ExpressionError(
            f"Not a valid expression near column {error.offset or 1}; "
            "use numbers, variables, + - * / **, parentheses and function calls."
        ) from error
    except (ValueError, OverflowError) as error:
        raise ExpressionError("The expression holds a number that cannot be read.") from error


def _too_deep() -> str:
    return f"The expression is nested too deeply; at most {MAX_EXPRESSION_DEPTH} levels are allowed."


def _check_size(body: ast.expr) -> None:
    """Count nodes and depth without recursion. A chain such as a + b + c is one level, however long."""
    count, stack = 0, [(body, 1)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_EXPRESSION_NODES:
            raise ExpressionError(
                f"The expression has more than {MAX_EXPRESSION_NODES} terms and operators; shorten it."
            )
        if depth > MAX_EXPRESSION_DEPTH:
            raise ExpressionError(_too_deep())
        stack.extend(
            (child, depth if _continues_chain(node, child) else depth + 1)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        )


def _continues_chain(node: ast.expr, child: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(child, ast.BinOp)
        and child is node.left
        and not isinstance(child.op, ast.Pow)
    )


class _Converter:
    """Python's tree to ours; refuses every node that is not on the list."""

    def __init__(self, variables: Collection[str]) -> None:
        self._variables = variables

    def convert(self, node: ast.expr) -> Node:
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub()):
                return _fold(Negate(self.convert(node.operand)), node)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.convert(node.operand)
            case ast.BinOp():
                return self._binary(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise _refusal(node)

    def _number(self, node: ast.Constant) -> Node:
        if type(node.value) not in (int, float):
            raise ExpressionError(f"{_at(node)}: only plain numbers are allowed as constants.")
        try:
            return Constant(_finite(float(node.value), node))  # type: ignore[arg-type]  # narrowed by type() above
        except OverflowError as error:
            raise ExpressionError(f"{_at(node)}: the number is too large.") from error

    def _name(self, node: ast.Name) -> Node:
        if node.id in self._variables:
            return Variable(node.id)
        if node.id in CONSTANTS:
            return Constant(CONSTANTS[node.id])
        if node.id in FUNCTIONS:
            raise ExpressionError(f"{_at(node)}: '{node.id}' is a function; call it, as in {node.id}(x).")
        known = ", ".join(self._variables) or "none"
        raise ExpressionError(
            f"{_at(node)}: unknown name '{node.id[:40]}'. The variables given in start are: {known}; "
            f"the constants are {', '.join(CONSTANTS)}."
        )

    def _binary(self, node: ast.BinOp) -> Node:
        operator = OPERATORS.get(type(node.op))
        if operator is None:
            raise _refusal(node)
        left, right = self.convert(node.left), self.convert(node.right)
        if operator == "**" and isinstance(right, Constant) and abs(right.value) > MAX_CONSTANT_EXPONENT:
            raise ExpressionError(
                f"{_at(node)}: the exponent {right.value:g} is too large; "
                f"constant exponents lie within ±{MAX_CONSTANT_EXPONENT:g}."
            )
        return _fold(Binary(operator, left, right), node)

    def _call(self, node: ast.Call) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        function = FUNCTIONS.get(name or "")
        if name is None or function is None:
            raise ExpressionError(f"{_at(node)}: only these functions can be called: {', '.join(FUNCTIONS)}.")
        if node.keywords or len(node.args) != function.arity:
            raise ExpressionError(f"{_at(node)}: {name} takes exactly {function.arity} argument(s).")
        return _fold(Call(name, tuple(self.convert(argument) for argument in node.args)), node)


def _fold(node: Node, at: ast.expr) -> Node:
    """Replace an operation on constants by its value."""
    try:
        match node:
            case Negate(Constant(value)):
                return Constant(-value)
            case Binary(operator, Constant(left), Constant(right)):
                return Constant(_finite(_arithmetic(operator, left, right), at))
            case Call(name, arguments) if all(isinstance(item, Constant) for item in arguments):
                values = [item.value for item in arguments if isinstance(item, Constant)]
                return Constant(_finite(FUNCTIONS[name].of_constants(*values), at))
            case _:
                return node
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"{_at(at)}: this constant has no finite real value ({error}).") from error


def _arithmetic(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case _:
            return math.pow(left, right)


def _finite(value: float, node: ast.expr) -> float:
    if not math.isfinite(value):
        raise ExpressionError(f"{_at(node)}: this constant is not a finite number.")
    return value


def _at(node: ast.expr) -> str:
    return f"Column {node.col_offset + 1}"


_HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "'^' is not a power here; write x**2",
    ast.FloorDiv: "'//' is not allowed; write x / y",
    ast.Mod: "'%' is not allowed",
    ast.Attribute: "attributes ('a.b') are not allowed",
    ast.Subscript: "indexing ('a[b]') is not allowed; name each variable, as in x1, x2",
    ast.Compare: "comparisons are not allowed",
    ast.Lambda: "functions cannot be defined",
    ast.IfExp: "conditions are not allowed; use min and max",
}


def _refusal(node: ast.expr) -> ExpressionError:
    operation = node.op if isinstance(node, ast.BinOp) else node
    hint = _HINTS.get(type(operation), "this is not part of the expression language")
    return ExpressionError(f"{_at(node)}: {hint}. Allowed are numbers, variables, + - * / ** and function calls.")
