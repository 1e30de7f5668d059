"""Range of float32: numbers of a job that it would turn into infinity, into 0, or into one of fewer digits."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel

from ayla_spec.errors import SpecIssue
from ayla_spec.expression import Constant, Expression
from ayla_spec.optimizers import AnyOptimizer
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.starts import MOST_DEVIATIONS, Normal, distributions

_LEAST = 2.0**-126
"""The least normal number. Those below it have fewer digits the smaller they are, down to 0."""
_TOO_LARGE = 2.0**128 - 2.0**103
"""Rounds to infinity; everything smaller rounds to a number."""

_OF_THE_SPLIT = "test_fraction"
"""A setting of datasets: the split is made before anything is float32."""

_RANGE = "the range of float32, 1.18e-38 to 3.4e38; use dtype 'float64'."


def setting_issues(problem: ExpressionProblem | DatasetProblem, optimizers: Sequence[AnyOptimizer]) -> list[SpecIssue]:
    """Fields of a job that float32 does not hold: starts, draws, settings of the problem and of the optimizers."""
    given = [*_numbers(problem, "/problem"), *_numbers(optimizers, "/optimizers")]
    drawn = _draws(problem) if isinstance(problem, ExpressionProblem) else ()
    return [
        *(SpecIssue(pointer, f"Beyond {_RANGE}") for pointer, value in given if not _fits(value)),
        *(SpecIssue(pointer, f"Draws may be beyond {_RANGE}") for pointer, value in drawn if value >= _TOO_LARGE),
    ]


def constant_issues(expression: Expression, pointer: str) -> list[SpecIssue]:
    """Constants of an expression that float32 does not hold, written or computed; one issue for each place of them.

    What was folded away does no harm: ``1e-60*1e60*x`` is computed as ``1*x``.
    """
    beyond: dict[int, float] = {}
    for node in expression.postfix():
        if isinstance(node, Constant) and not _fits(node.value):
            beyond.setdefault(node.column, node.value)
    return [
        SpecIssue(pointer, f"Column {column}: the constant {value:g} is beyond {_RANGE}")
        for column, value in sorted(beyond.items())
    ]


def _numbers(value: object, pointer: str) -> Iterator[tuple[str, float]]:
    """Every number that is not whole by its type, with the place it stands at."""
    if isinstance(value, float):
        yield pointer, value
    elif isinstance(value, BaseModel | dict):
        for name, item in value.items() if isinstance(value, dict) else value:
            if name != _OF_THE_SPLIT:
                yield from _numbers(item, f"{pointer}/{name}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in _beyond(value) if pointer.endswith("/values") else enumerate(value):
            yield from _numbers(item, f"{pointer}/{index}")


def _beyond(values: Sequence[object]) -> Iterator[tuple[int, object]]:
    """The first number of an axis that does not fit, found among thousands at once."""
    sizes = np.abs(np.array([value if type(value) is float else 1.0 for value in values]))
    places = np.flatnonzero((sizes >= _TOO_LARGE) | ((sizes < _LEAST) & (sizes > 0)))
    yield from ((int(place), values[place]) for place in places[:1])


def _draws(problem: ExpressionProblem) -> Iterator[tuple[str, float]]:
    """A size that no draw reaches, of everything that has a normal distribution; bounds of others are numbers."""
    for pointer, distribution in distributions(problem.start):
        if isinstance(distribution, Normal):
            yield f"/problem/start{pointer}/normal", distribution.largest
    if problem.noise is not None:
        yield "/problem/noise", MOST_DEVIATIONS * problem.noise


def _fits(value: float) -> bool:
    return value == 0 or _LEAST <= abs(value) < _TOO_LARGE
