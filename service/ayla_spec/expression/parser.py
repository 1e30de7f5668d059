"""Parser: from text to a checked tree, by Python's own ``ast`` and a whitelist; nothing is evaluated by Python.

Every reduction is unrolled and every constant folded on the way.
"""

import ast
from collections.abc import Iterator, Mapping

from ayla_spec.expression.errors import ExpressionError, column_of, error_at
from ayla_spec.expression.folding import finite, fold
from ayla_spec.expression.grammar import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, REDUCTIONS
from ayla_spec.expression.hints import decimal_comma, other_name, product_hint, refusal
from ayla_spec.expression.indices import integer, length
from ayla_spec.expression.nodes import Binary, Call, Compare, Constant, Expression, Negate, Node, Variable
from ayla_spec.expression.points import element
from ayla_spec.expression.reading import read
from ayla_spec.expression.reductions import combined, repetition
from ayla_spec.expression.scope import ExpansionQuota, NameScope
from ayla_spec.limits import MAX_CONSTANT_EXPONENT


def parse(source: str, variables: Mapping[str, int | None], quota: ExpansionQuota | None = None) -> Expression:
    """Parse ``source`` as an expression over ``variables``.

    Args:
        source: at most ``MAX_EXPRESSION_LENGTH`` printable ASCII characters.
        variables: the names the expression may use besides functions and constants: None for a scalar, for a vector
            its length.
        quota: what the parser may spend; the caller reads afterwards how much it was.

    Returns:
        The tree with every sum, product and mean unrolled; the elements of a vector x are variables named ``x[0]``,
        ``x[1]`` and so on.

    Raises:
        ExpressionError: on anything outside the language or its limits.
    """
    root = _convert(read(source), NameScope(variables, quota=quota or ExpansionQuota()))
    used = dict.fromkeys(node.name for node in Expression(source, (), root).postfix() if isinstance(node, Variable))
    return Expression(source, tuple(used), root)


def _convert(node: ast.expr, scope: NameScope) -> Node:
    """The tree of the number that ``node`` stands for in ``scope``.

    Raises:
        ExpressionError: on anything that is not on the list, and where the quota of ``scope`` is spent.
    """
    scope.quota.spend_node(node)
    match node:
        case ast.Constant():
            return _number(node)
        case ast.Name():
            return _name(node, scope)
        case ast.Subscript():
            return _element(node, scope)
        case ast.UnaryOp(op=ast.USub()):
            return fold(Negate(_convert(node.operand, scope)), node)
        case ast.UnaryOp(op=ast.UAdd()):
            return _convert(node.operand, scope)
        case ast.BinOp():
            return _chain(node, scope)
        case ast.Call():
            return _call(node, scope)
        case _:
            raise refusal(node)


def _number(node: ast.Constant) -> Node:
    if type(node.value) not in (int, float):
        raise error_at(node, "only plain numbers are allowed as constants.")
    try:
        return Constant(finite(float(node.value), node), column_of(node))  # type: ignore[arg-type]  # narrowed by type() above
    except OverflowError as error:
        raise error_at(node, "the number is too large.") from error


def _name(node: ast.Name, scope: NameScope) -> Node:
    if node.id in scope.indices:
        return Constant(float(scope.indices[node.id]), column_of(node))
    if scope.is_vector(node):
        _, count = scope.vector(node, "a number")
        raise error_at(
            node, f"'{node.id}' is a vector of {count} number(s); write {node.id}[0] for one, sum({node.id}) for all."
        )
    if node.id in scope.variables:
        return Variable(node.id)
    if node.id in CONSTANTS:
        return Constant(CONSTANTS[node.id], column_of(node))
    raise scope.unknown(node)


def _element(node: ast.Subscript, scope: NameScope) -> Node:
    name, count = scope.vector(node.value, "an index")
    index = integer(node.slice, scope)
    if index < 0:
        raise error_at(
            node, f"the index {index} is negative; indices count from 0, and the last is {name}[{count - 1}]."
        )
    if index >= count:
        raise error_at(node, f"the index {index} is out of range; '{name}' has {name}[0] to {name}[{count - 1}].")
    return Variable(element(name, index))


def _chain(node: ast.BinOp, scope: NameScope) -> Node:
    """``a + b - c …`` from the left, in a loop, since such a chain may be long."""
    pending = [node]
    while isinstance(pending[-1].left, ast.BinOp):
        pending.append(pending[-1].left)
        scope.quota.spend_node(node)
    value = _convert(pending[-1].left, scope)
    for step in reversed(pending):
        value = _binary(step, value, scope)
    return value


def _binary(node: ast.BinOp, left: Node, scope: NameScope) -> Node:
    operator = OPERATORS.get(type(node.op))
    if operator is None:
        raise refusal(node)
    right = _convert(node.right, scope)
    if operator == "**" and isinstance(right, Constant) and abs(right.value) > MAX_CONSTANT_EXPONENT:
        raise error_at(
            node,
            f"the exponent {right.value:g} is too large; constant exponents lie within ±{MAX_CONSTANT_EXPONENT:g}.",
        )
    return fold(Binary(operator, left, right), node)


def _call(node: ast.Call, scope: NameScope) -> Node:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in REDUCTIONS:
        return _reduction(name, node, scope)
    if name == "len":
        return Constant(float(length(node, scope)), column_of(node))
    if name == "where":
        return _where(node, scope)
    if name in FUNCTIONS:
        return _function(name, node, scope)
    raise _uncallable(name, node, scope)


def _uncallable(name: str, node: ast.Call, scope: NameScope) -> ExpressionError:
    if isinstance(node.func, ast.Attribute):
        return refusal(node.func)
    if scope.is_vector(node.func):
        return error_at(node, f"'{name}' is a vector; one of its numbers is written with square brackets: {name}[0].")
    if not name or name in scope.variables or name in CONSTANTS or name in scope.indices:
        return product_hint(node)
    if name == "range":
        return error_at(node, "range is only allowed after 'in', as in sum(x[i] for i in range(len(x))).")
    if hint := other_name(name):
        return error_at(node, f"{hint}.")
    return error_at(node, f"only these functions can be called: {', '.join([*FUNCTIONS, *REDUCTIONS, 'len'])}.")


def _function(name: str, node: ast.Call, scope: NameScope) -> Node:
    function, count = FUNCTIONS[name], len(node.args)
    if node.keywords or count < function.arity or (count > function.arity and not function.variadic):
        if not node.keywords and (comma := decimal_comma(node.args)):
            raise comma
        needed = f"{function.arity} or more arguments" if function.variadic else f"exactly {function.arity} argument(s)"
        raise error_at(node, f"{name} takes {needed}.")
    arguments = [_convert(argument, scope) for argument in node.args]
    value = fold(Call(name, tuple(arguments[: function.arity])), node)
    for argument in arguments[function.arity :]:
        scope.quota.spend_node(node)
        value = fold(Call(name, (value, argument)), node)
    return value


def _where(node: ast.Call, scope: NameScope) -> Node:
    if len(node.args) > 3 and (comma := decimal_comma(node.args)):
        raise comma
    if node.keywords or len(node.args) != 3:
        raise error_at(node, "where takes exactly 3 argument(s), as in where(x < 0, -x, x).")
    condition, *branches = node.args
    compared = _comparison(condition, scope)
    return fold(Call("where", (compared, *(_convert(branch, scope) for branch in branches))), node)


def _comparison(node: ast.expr, scope: NameScope) -> Compare:
    if not isinstance(node, ast.Compare):
        raise error_at(node, "the first argument of where is one comparison with <, <=, > or >=, as in x < 0.")
    if len(node.ops) > 1:
        raise error_at(
            node,
            "comparisons cannot be chained; for 0 < x < 1 write where(0 < x, where(x < 1, a, b), b).",
        )
    operator = COMPARISONS.get(type(node.ops[0]))
    if operator is None:
        raise error_at(node, "a condition compares with <, <=, > or >= only.")
    scope.quota.spend_node(node)
    return Compare(operator, _convert(node.left, scope), _convert(node.comparators[0], scope))


def _reduction(name: str, node: ast.Call, scope: NameScope) -> Node:
    if node.keywords or len(node.args) != 1:
        raise error_at(node, f"{name} takes exactly one argument, as in {name}(x[i] for i in range(len(x))).")
    return combined(name, _terms(name, node.args[0], scope), scope, node)


def _terms(name: str, argument: ast.expr, scope: NameScope) -> Iterator[Node]:
    if isinstance(argument, ast.GeneratorExp):
        repeated = repetition(argument, scope)
        return (_convert(repeated.body, inner) for inner in repeated.scopes(scope))
    if isinstance(argument, ast.Name) and argument.id in scope.variables:
        vector, count = scope.vector(argument, name)
        return (Variable(element(vector, index)) for index in range(count))
    if isinstance(argument, ast.ListComp | ast.SetComp):
        raise error_at(argument, f"leave out the brackets: {name}(x[i] for i in range(len(x))).")
    raise error_at(
        argument, f"{name} takes a vector or a range, as in {name}(x[i]**2 for i in range(len(x))); found neither."
    )
