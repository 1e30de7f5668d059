"""The objective of an expression over the part of its domain that a figure shows, at a bounded cost."""

import numpy as np
from ayla_spec.expression import Expression, parse
from ayla_spec.problems import ExpressionProblem

from ayla_service.figures.data import Floats
from ayla_service.figures.geometry import drawable
from ayla_service.figures.objective import size_of, values

_MOST_OPERATIONS = 20_000_000
"""On numbers, for one figure: about a second of the dearest, a power."""

_MOST_PLACES, _LEAST_PLACES = 1000, 200
_MOST_SIDE, _LEAST_SIDE = 160, 24

Interval = tuple[float, float]


def over_line(problem: ExpressionProblem, interval: Interval) -> tuple[Floats, Floats]:
    """Places and heights of an objective of one parameter."""
    expression, (name,) = _parsed(problem)
    count = int(np.clip(_MOST_OPERATIONS // size_of(expression), _LEAST_PLACES, _MOST_PLACES))
    places = np.linspace(*interval, count)
    return places, drawable(values(expression, {name: places}))


def over_plane(problem: ExpressionProblem, across: Interval, up: Interval) -> tuple[Floats, Floats, Floats]:
    """Values of the first parameter, of the second, and heights, shape [second, first]."""
    expression, (first, second) = _parsed(problem)
    side = int(np.clip((_MOST_OPERATIONS / size_of(expression)) ** 0.5, _LEAST_SIDE, _MOST_SIDE))
    xs, ys = np.linspace(*across, side), np.linspace(*up, side)
    grid_x, grid_y = np.meshgrid(xs, ys)
    return xs, ys, drawable(values(expression, {first: grid_x, second: grid_y}))


def _parsed(problem: ExpressionProblem) -> tuple[Expression, list[str]]:
    return parse(problem.expression, problem.shape), list(problem.flat_start)
