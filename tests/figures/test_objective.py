"""The objective of an expression by NumPy, held against the slow interpreter of the spec's tests and known values."""

import math
from typing import Any

import numpy as np
import pytest
from ayla_service.figures.objective import FUNCTIONS, evaluate, on_line, on_plane, operation_count, transformed_loss
from ayla_spec import expression as language
from ayla_spec.expression import flattened, parse, shape_of
from ayla_spec.functions import TEST_FUNCTIONS, TestFunction
from ayla_spec.problems import ExpressionProblem

from tests.cases import each
from tests.spec.interpreter import value_at

POINTS = np.random.default_rng(7).uniform(-2.0, 2.0, (5, 3))

EXPRESSIONS = [
    "x**4 - 3*x**3 + 2",
    "-x*y + x/(y**2 + 1) - -y",
    "where(x < y, x, where(x >= 0, y, -x)) + where(x <= 0, 1, 2) + where(x > y, x, y)",
    "min(x, y, z) * max(x, y) + abs(z) + relu(x) + sigmoid(50*y)",
    "exp(sin(x)) + log(x**2 + 1) + sqrt(abs(y)) + tan(x)/(1 + cos(y)**2)",
    "asin(x/4) + acos(y/4) + atan(z) + sinh(x) + cosh(y) + tanh(z)",
    "2**x + e**y + pi",
]


def at(source: str, **point: float) -> float:
    expression = parse(source, dict.fromkeys(point))
    (value,) = evaluate(expression, {name: np.array([number]) for name, number in point.items()})
    return float(value)


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_values_are_those_of_the_interpreter(source: str) -> None:
    expression = parse(source, {"x": None, "y": None, "z": None})
    found = evaluate(expression, dict(zip("xyz", POINTS.T, strict=True)))
    slow = [value_at(expression, dict(zip("xyz", point, strict=True))) for point in POINTS.tolist()]
    np.testing.assert_allclose(found, slow, rtol=1e-12)


def test_every_function_of_the_language_is_known() -> None:
    assert set(FUNCTIONS) == set(language.FUNCTIONS)


@each("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_known_minima_are_found(function: TestFunction) -> None:
    expression = parse(function.expression, shape_of(function.start))
    for minimizer in function.minimizers:
        point = {name: np.array([value]) for name, value in flattened(minimizer).items()}
        assert evaluate(expression, point)[0] == pytest.approx(function.minimum, abs=1e-6)


@pytest.mark.parametrize(
    ("source", "x"), [("1/x", 0.0), ("log(x)", -1.0), ("sqrt(x)", -1.0), ("exp(x)", 1e4), ("x**0.5", -4.0)]
)
def test_what_has_no_finite_value_is_masked_without_a_warning(source: str, x: float) -> None:
    assert math.isnan(at(source, x=x))


def test_the_sigmoid_does_not_overflow() -> None:
    assert at("sigmoid(x)", x=-1e4) == 0.0
    assert at("sigmoid(x)", x=1e4) == 1.0


def test_a_value_that_depends_on_one_of_two_parameters_has_the_shape_of_the_grid() -> None:
    expression = parse("x**2 + 0*y", {"x": None, "y": None})
    grid = np.meshgrid(np.arange(3.0), np.arange(2.0))
    assert evaluate(expression, {"x": grid[0], "y": grid[1]}).tolist() == [[0, 1, 4], [0, 1, 4]]
    alone = parse("x", {"x": None})
    assert evaluate(alone, {"x": grid[0]}).shape == (2, 3)


def test_the_transformed_loss_is_that_of_the_paper() -> None:
    loss = np.array([-4.0, -0.25, 0.0, 1.0, 0.25, 4.0, np.nan])
    expected = [-8.0, -0.5, 0.0, 1.0, 0.5, 8.0, np.nan]
    np.testing.assert_allclose(transformed_loss(loss, n1=0.5, n2=1.5), expected, rtol=1e-15)
    # At the minimum of the polynomial, figure 1 shows about -13.9.
    assert transformed_loss(np.array([-6.54296875]), 1.0, 1.4)[0] == pytest.approx(-13.9, abs=0.05)


def problem(**given: Any) -> ExpressionProblem:
    return ExpressionProblem.model_validate(given)


def test_a_line_is_drawn_over_its_interval() -> None:
    places, heights = on_line(problem(expression="x**2", start={"x": 1.0}), (-2.0, 3.0))
    assert (places[0], places[-1]) == (-2.0, 3.0)
    np.testing.assert_array_equal(heights, places**2)


def test_a_plane_has_its_first_parameter_across() -> None:
    across, up, heights = on_plane(
        problem(expression="p + 10*v[0]", start={"p": 0.0, "v": [0.0]}), (0.0, 1.0), (5.0, 6.0)
    )
    assert heights[0, 0] == 50.0
    assert heights[0, -1] == 51.0
    assert heights[-1, 0] == 60.0
    assert heights.shape == (len(up), len(across))


DEAREST = {"expression": "sum((abs(x) + i)**1.7 for i in range(2800)) + y**2", "start": {"x": 1.0, "y": 2.0}}


def test_the_dearer_an_objective_the_coarser_it_is_drawn() -> None:
    dear = problem(**DEAREST)
    assert operation_count(parse(dear.expression, dear.shape)) > 15_000
    across, _, heights = on_plane(dear, (0.0, 1.0), (0.0, 1.0))
    assert 24 <= len(across) < 50
    assert np.isfinite(heights).all()


def test_numbers_that_cannot_be_drawn_are_cut() -> None:
    _, heights = on_line(problem(expression="1e200*x", start={"x": 1.0}), (-1.0, 1.0))
    assert heights.max() == 1e100
