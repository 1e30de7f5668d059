"""Expressions compiled to PyTorch: values against Python's math, gradients against differences."""

import math
from collections.abc import Callable

import pytest
import torch
from ayla_core.objectives.expression import ExpressionObjective
from ayla_core.objectives.program import FUNCTIONS as COMPILED
from ayla_spec.expression import FUNCTIONS, parse
from ayla_spec.functions import TEST_FUNCTIONS, TestFunction
from ayla_spec.problems import ExpressionProblem
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core.batches import FLOAT64

DOMAIN = {"sqrt": (0.1, 4.0), "log": (0.1, 4.0), "asin": (-0.9, 0.9), "acos": (-0.9, 0.9)}
MATH: dict[str, object] = {name: function.of_constants for name, function in FUNCTIONS.items()}


def evaluate(expression: str, **point: float) -> tuple[float, list[float]]:
    """Value and gradient at one point."""
    objective = ExpressionObjective(ExpressionProblem(expression=expression, start=point), 1, FLOAT64)
    evaluation = objective.evaluate(objective.initial_parameters())
    plain, weighted = evaluation.gradients(None)
    assert plain is weighted, "there are no samples to weight"
    return evaluation.loss[0].item(), plain[0].tolist()


def slope_of(function: Callable[[float], float], x: float) -> float:
    """A central difference of fourth order."""
    h = 1e-3
    return (8 * (function(x + h) - function(x - h)) - (function(x + 2 * h) - function(x - 2 * h))) / (12 * h)


def test_every_function_of_the_language_is_compiled() -> None:
    assert COMPILED.keys() == FUNCTIONS.keys()


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.arity == 1])
@pytest.mark.parametrize("share", [0.05, 0.37, 0.81])
def test_functions_and_their_gradients(name: str, share: float) -> None:
    low, high = DOMAIN.get(name, (-1.4, 1.4))
    x = low + share * (high - low)
    value, (slope,) = evaluate(f"{name}(x)", x=x)
    assert value == pytest.approx(FUNCTIONS[name].of_constants(x), rel=1e-14)
    assert slope == pytest.approx(slope_of(FUNCTIONS[name].of_constants, x), rel=1e-7)


@pytest.mark.parametrize(
    ("expression", "value", "gradient"),
    [
        ("min(x, y)", -1.5, [1, 0]),
        ("max(x, y)", 2.0, [0, 1]),
        ("max(x, 0.5) + min(y, 0.5)", 1.0, [0, 0]),
        ("max(-3, x)", -1.5, [1, 0]),
        ("abs(0*x) + 0*y", 0.0, [0, 0]),
        ("x**4", 5.0625, [-13.5, 0]),
        ("x**3", -3.375, [6.75, 0]),
        ("x**7", -17.0859375, [79.734375, 0]),
        ("x**-3", -8 / 27, [-16 / 27, 0]),
        ("x**0 + y**1", 3.0, [0, 1]),
        ("(0*x)**2 + (0*y)**0", 1.0, [0, 0]),
        ("y**0.5", math.sqrt(2), [0, 0.5 / math.sqrt(2)]),
        ("3**y", 9.0, [0, 9 * math.log(3)]),
        ("y**y", 4.0, [0, 4 * (1 + math.log(2))]),
        ("2 - x", 3.5, [-1, 0]),
        ("-x", 1.5, [-1, 0]),
        ("3/x", -2.0, [-3 / 2.25, 0]),
        ("x*y/4", -0.75, [0.5, -0.375]),
        ("pi*x + e*y", -1.5 * math.pi + 2 * math.e, [math.pi, math.e]),
        ("x", -1.5, [1, 0]),
    ],
)
def test_operators_and_their_gradients(expression: str, value: float, gradient: list[float]) -> None:
    got, slopes = evaluate(expression, x=-1.5, y=2.0)
    assert got == pytest.approx(value, rel=1e-14)
    assert slopes == pytest.approx(gradient, rel=1e-14)


def test_a_lone_variable_does_not_share_the_parameters_memory() -> None:
    objective = ExpressionObjective(ExpressionProblem(expression="x", start={"x": 2.0}), 1, FLOAT64)
    parameters = objective.initial_parameters()
    evaluation = objective.evaluate(parameters)
    parameters.zero_()
    assert evaluation.loss[0].item() == 2.0


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})")
    power = st.tuples(inner, st.integers(0, 4)).map(lambda part: f"({part[0]})**{part[1]}")
    smooth = st.sampled_from(["exp", "sin", "cos", "atan", "tanh", "sinh", "cosh"])
    call = st.tuples(smooth, inner).map(lambda part: f"{part[0]}({part[1]})")
    pair = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda part: f"{part[0]}({part[1]}, {part[2]})")
    return binary | power | call | pair | inner.map(lambda operand: f"(-{operand})")


LEAVES = st.sampled_from(["x", "y", "0.5", "2", "3.25"])
TREES = st.recursive(LEAVES, _combined, max_leaves=12)


@settings(deadline=None)
@given(TREES, st.floats(-2, 2), st.floats(-2, 2))
def test_random_expressions_agree_with_python(tree: str, x: float, y: float) -> None:
    expression = f"({tree}) + 0*x + 0*y"
    try:
        parse(expression, ["x", "y"])
        expected = eval(expression, MATH, {"x": x, "y": y})  # the test's own strategy wrote it
    except (ArithmeticError, ValueError):
        assume(False)
    assume(abs(expected) < 1e100)
    value, _ = evaluate(expression, x=x, y=y)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(TREES.filter(lambda tree: "min" not in tree and "max" not in tree), st.floats(-1.5, 1.5))
def test_gradients_of_random_expressions_agree_with_differences(tree: str, x: float) -> None:
    expression = f"({tree}) + 0*x + 0*y"

    def at(shifted: float) -> float:
        return float(eval(expression, MATH, {"x": shifted, "y": 0.75}))

    try:
        parse(expression, ["x", "y"])
        nearby = [at(x + shift) for shift in (-4e-3, -2e-3, -1e-3, 1e-3, 2e-3, 4e-3, 0)]
        slopes = slope_of(at, x), (nearby[3] - nearby[2]) / 2e-3
    except (ArithmeticError, ValueError):
        assume(False)
    # Near a pole or a turn too sharp for the difference two orders disagree.
    assume(max(map(abs, nearby)) < 1e6 and abs(slopes[0] - slopes[1]) < 1e-5 * (1 + abs(slopes[0])))
    _, gradient = evaluate(expression, x=x, y=0.75)
    assert gradient[0] == pytest.approx(slopes[0], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_catalogue_minimum(function: TestFunction) -> None:
    for point in function.minimizers:
        value, gradient = evaluate(function.expression, **{name: point[name] for name in function.start})
        assert value == pytest.approx(function.minimum, rel=1e-9, abs=1e-9)
        if function.name == "ackley":
            continue  # a cone at its minimum: there is no gradient
        assert gradient == pytest.approx([0.0] * len(gradient), abs=1e-9)


@pytest.mark.parametrize("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_no_lower_point_on_a_grid_around_the_minimum(function: TestFunction) -> None:
    names = list(function.start)
    objective = ExpressionObjective(
        ExpressionProblem(expression=function.expression, start=function.start), 81 ** len(names), FLOAT64
    )
    around = torch.tensor([function.minimizers[0][name] for name in names], dtype=torch.float64)
    axis = torch.linspace(-10, 10, 81, dtype=torch.float64)
    grid = torch.cartesian_prod(*[axis] * len(names)).reshape(-1, len(names)) + around
    assert objective.evaluate(grid).loss.min().item() >= function.minimum - 1e-9
