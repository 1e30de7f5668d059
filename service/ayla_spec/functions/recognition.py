"""Recognition of the catalogue's test functions in an expression, by what it computes and not by what it is called."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ayla_spec.expression import ExpressionError, Node, Variable, parse
from ayla_spec.expression.nodes import Constant, Expression, operands
from ayla_spec.functions.model import TestFunction
from ayla_spec.functions.plane import PLANE
from ayla_spec.functions.spaces import SPACES

_DIMENSIONS_KEPT = 8

Form = bytes
"""Digest of an expression's operations in order, in which variables are numbers in order of appearance."""


def known_minimum(expression: str, shape: Mapping[str, int | None]) -> float | None:
    """The least value of a catalogue function in its domain, if the expression is one; None if it is none.

    It is one if both are the same tree once sums are written out, whatever the variables are called. Another way of
    writing the same function is not recognized.

    Args:
        expression: in the language of ``ayla_spec.expression``.
        shape: for each variable None if it is a scalar, else the length of the vector.

    Raises:
        ExpressionError: if it is no expression of these variables.
    """
    numbers = sum(1 if length is None else length for length in shape.values())
    return _minima(numbers).get(_form(parse(expression, dict(shape))))


@lru_cache(maxsize=_DIMENSIONS_KEPT)
def _minima(dimension: int) -> Mapping[Form, float]:
    """The least value of every function of so many numbers."""
    return {_form(parse(one.expression, _shape(one))): one.minimum for one in _functions(dimension)}


def _functions(dimension: int) -> Iterator[TestFunction]:
    for function in (*PLANE, *SPACES):
        try:
            yield function.in_dimension(dimension)
        except (ValueError, ExpressionError):  # not defined there, or too long to write out
            continue


def _shape(function: TestFunction) -> dict[str, int | None]:
    return {name: len(value) if isinstance(value, list) else None for name, value in function.start.items()}


def _form(expression: Expression) -> Form:
    numbers = {name: place for place, name in enumerate(expression.variables)}
    operations = hashlib.sha256()
    for node in expression.postfix():
        operations.update(repr(_operation(node, numbers)).encode())
    return operations.digest()


def _operation(node: Node, numbers: Mapping[str, int]) -> object:
    if isinstance(node, Variable):
        return numbers[node.name]
    if isinstance(node, Constant):
        return "constant", node.value
    name = getattr(node, "operator", None) or getattr(node, "function", None)
    return type(node).__name__, name, len(operands(node))
