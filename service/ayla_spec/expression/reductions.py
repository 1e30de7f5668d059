"""``sum(x[i]**2 for i in range(len(x)))``: what is repeated, over which indices, and how the terms are put together."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ayla_spec.expression.errors import ExpressionError, column_of, error_at, shown
from ayla_spec.expression.folding import fold
from ayla_spec.expression.grammar import RESERVED_NAMES
from ayla_spec.expression.indices import integer
from ayla_spec.expression.nodes import Binary, Constant, Node
from ayla_spec.expression.scope import NameScope
from ayla_spec.limits import MAX_EXPANDED_NODES

_INDEX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)
_OPERATORS = {"sum": "+", "mean": "+", "prod": "*"}
_EMPTY = {"sum": 0.0, "prod": 1.0}


@dataclass(frozen=True, slots=True)
class Repetition:
    """The body of a reduction with its index and the range of it.

    Attributes:
        body: what is computed for each value of the index.
        index: name of the index.
        values: the integers it takes.
    """

    body: ast.expr
    index: str
    values: range

    def scopes(self, scope: NameScope) -> Iterator[NameScope]:
        """The scope of the body for each value of the index."""
        return (scope.with_index(self.index, value) for value in self.values)


def repetition(node: ast.GeneratorExp, scope: NameScope) -> Repetition:
    """Read ``body for index in range(start, stop)``.

    The body is read once for each value of the index, and so not at all for an empty range.

    Raises:
        ExpressionError: on any other form of a generator.
    """
    clause = _single_clause(node)
    index = _index_name(clause.target, scope)
    return Repetition(node.elt, index, _range(clause.iter, scope))


def combined(name: str, terms: Iterator[Node], scope: NameScope, at: ast.expr) -> Node:
    """The terms of a reduction as a chain from the left, in their order.

    Raises:
        ExpressionError: on a mean of nothing, or where the quota is spent.
    """
    total, count = None, 0
    for count, term in enumerate(terms, start=1):  # noqa: B007  # the last count is that of all terms
        scope.quota.spend_node(at)
        total = term if total is None else fold(Binary(_OPERATORS[name], total, term), at)
    if total is None:
        return _of_nothing(name, at)
    return fold(Binary("/", total, Constant(float(count), column_of(at))), at) if name == "mean" else total


def _of_nothing(name: str, at: ast.expr) -> Node:
    if name == "mean":
        raise error_at(at, "the mean over an empty range has no value; make the range longer.")
    return Constant(_EMPTY[name], column_of(at))


def _single_clause(node: ast.GeneratorExp) -> ast.comprehension:
    clause = node.generators[0]
    if len(node.generators) > 1:
        raise error_at(
            node, "one 'for' only; nest the sums: sum(sum(x[i]*y[j] for j in range(len(y))) for i in range(len(x)))."
        )
    if clause.ifs:
        raise error_at(clause.ifs[0], "'if' is not allowed in a sum; write where(condition, a, 0) or another range.")
    if clause.is_async:
        raise error_at(clause.target, "'async' is not allowed; write for i in range(len(x)).")
    return clause


def _index_name(target: ast.expr, scope: NameScope) -> str:
    if not isinstance(target, ast.Name) or not _INDEX_NAME.fullmatch(target.id):
        raise error_at(target, "an index is one name: a letter, then at most 31 letters, digits or underscores.")
    if target.id in scope.variables:
        raise error_at(target, f"'{target.id}' is a variable given in start; choose another name for the index.")
    if target.id in scope.indices:
        raise error_at(target, f"'{target.id}' is the index of an enclosing range; choose another name.")
    if target.id in RESERVED_NAMES:
        raise error_at(target, f"'{target.id}' is the name of a function or a constant; choose another for the index.")
    return target.id


def _range(node: ast.expr, scope: NameScope) -> range:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"):
        raise _no_range(node, scope)
    if node.keywords or not 1 <= len(node.args) <= 2:
        raise error_at(node, "write range(stop) or range(start, stop); for steps compute the index, as in x[2*i].")
    values = range(*[integer(argument, scope) for argument in node.args])
    if len(values) > MAX_EXPANDED_NODES:
        raise error_at(node, f"this range has {len(values)} values; at most {MAX_EXPANDED_NODES} are allowed.")
    return values


def _no_range(node: ast.expr, scope: NameScope) -> ExpressionError:
    if isinstance(node, ast.Name) and scope.is_vector(node):
        fix = f"write for i in range(len({node.id})) and {node.id}[i]"
        return error_at(node, f"an index runs over a range; instead of 'in {shown(node.id)[1:-1]}' {fix}.")
    return error_at(node, "an index runs over a range; write for i in range(len(x)).")
