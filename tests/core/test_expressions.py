"""Expressions compiled for PyTorch and for the kernels: values against Python's math, gradients against differences."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from ayla_core.native.library import kernels
from ayla_core.program import TensorProgram, compile_objective
from ayla_spec.expression import FUNCTIONS, flattened, parse
from ayla_spec.functions import TEST_FUNCTIONS, TestFunction
from ayla_spec.problems import ExpressionProblem
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.cases import each
from tests.core.batches import FLOAT64, job, needs_a_compiler, run

DOMAIN = {"sqrt": (0.1, 4.0), "log": (0.1, 4.0), "asin": (-0.9, 0.9), "acos": (-0.9, 0.9)}
MATH: dict[str, object] = {name: function.of_constants for name, function in FUNCTIONS.items()}
NO_GRADIENT = {"ackley", "bukin-n6", "alpine-n1", "salomon", "drop-wave", "eggholder"}
"""Not smooth at the minimum, or the minimum lies on the border of the domain."""

Evaluate = Callable[..., tuple[float, list[float]]]

FAR = 2.0**30


def with_pytorch(expression: str, **point: float | list[float]) -> tuple[float, list[float]]:
    """Value and gradient at one point."""
    problem = ExpressionProblem.model_validate({"expression": expression, "start": point})
    program = compile_objective(parse(expression, problem.shape), list(problem.flat_start))
    tensors = TensorProgram(program.graph, program.inputs, program.results, FLOAT64)
    loss, *slopes = tensors([torch.tensor([value], dtype=torch.float64) for value in problem.flat_start.values()])
    return loss.item(), [slope.item() for slope in slopes]


def with_kernels(expression: str, **point: float | list[float]) -> tuple[float, list[float]]:
    """The same, read off one very long step of gradient descent."""
    everything = " + ".join(f"0*{name}" for name in flattened(point))
    problem = {"type": "expression", "expression": f"({expression}) + 0*({everything})", "start": point}
    columns = run(job(problem, [{"name": "sgd", "learning_rate": FAR}], 1)).trajectories[0]
    moves = [columns[name] for name in columns if name.startswith("param.")]
    # An infinite loss ends the trial before its first update.
    return columns["loss"][0], [float(x[0] - x[-1]) / FAR for x in moves]


WAYS: dict[str, Evaluate] = {"pytorch": with_pytorch, "kernels": with_kernels}


@pytest.fixture(params=WAYS)
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    """One way to compute an expression with its gradient."""
    return WAYS[request.param]


@needs_a_compiler
def test_there_are_kernels_here() -> None:
    """The suite compares two ways of computing; without a C compiler it would compare one with itself."""
    assert kernels("expressions", torch.float64) is not None


def slope_of(function: Callable[[float], float], x: float) -> float:
    """A central difference of fourth order."""
    h = 1e-3
    return (8 * (function(x + h) - function(x - h)) - (function(x + 2 * h) - function(x - 2 * h))) / (12 * h)


@each("name", [name for name, function in FUNCTIONS.items() if function.arity == 1])
@each("share", [0.05, 0.37, 0.81])
def test_functions_and_their_gradients(evaluate: Evaluate, name: str, share: float) -> None:
    low, high = DOMAIN.get(name, (-1.4, 1.4))
    x = low + share * (high - low)
    value, (slope,) = evaluate(f"{name}(x)", x=x)
    assert value == pytest.approx(FUNCTIONS[name].of_constants(x), rel=1e-14)
    assert slope == pytest.approx(slope_of(FUNCTIONS[name].of_constants, x), rel=1e-7)


@each(
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
def test_operators_and_their_gradients(
    evaluate: Evaluate, expression: str, value: float, gradient: list[float]
) -> None:
    got, slopes = evaluate(expression, x=-1.5, y=2.0)
    assert got == pytest.approx(value, rel=1e-14)
    assert slopes == pytest.approx(gradient, rel=1e-14)


@each(
    ("expression", "value", "gradient"),
    [
        ("where(x < y, x**2, y**3)", 2.25, [-3, 0]),
        ("where(x >= y, x**2, y**3)", 8.0, [0, 12]),
        ("where(x <= -1.5, 3*x, y)", -4.5, [3, 0]),
        ("where(x > 0, sqrt(x), 0*y)", 0.0, [0, 0]),
        ("where(x < 0, x, log(x) + y)", -1.5, [1, 0]),
        ("relu(x) + relu(y)", 2.0, [0, 1]),
        ("relu(0*x) + y", 2.0, [0, 1]),
        ("sigmoid(1000*x) + sigmoid(1000*y)", 1.0, [0, 0]),
        ("max(x, y, 1, 5)", 5.0, [0, 0]),
        ("min(y, 3, x)", -1.5, [1, 0]),
        ("max(y, 2)", 2.0, [0, 0.5]),
    ],
)
def test_choices_and_their_gradients(evaluate: Evaluate, expression: str, value: float, gradient: list[float]) -> None:
    got, slopes = evaluate(f"{expression} + 0*x + 0*y", x=-1.5, y=2.0)
    assert got == pytest.approx(value, rel=1e-14)
    assert slopes == pytest.approx(gradient, rel=1e-14)


@each(
    ("expression", "x", "slope"),
    [
        ("where(x > 0, sqrt(x)*sin(sqrt(x)), x**2)", -1.0, -2.0),
        ("where(x > 1, log(x)*log(x), (x-1)**2)", 0.0, -2.0),
        ("where(x > 0, (1/x)*sin(1/x), x)", 0.0, 1.0),
        ("where(x < 1, acos(x)**2, 0) + x", 2.0, 1.0),
        ("where(x < 1, sqrt(1-x) + sqrt(1-x)**3, x)", 2.0, 1.0),
        ("where(x > 0, sqrt(x), -x) + where(x > 1, sqrt(x), 0)", -1.0, -1.0),
        ("where(x > 0, where(x > 1, log(x-1), sqrt(1-x)), x)", 0.5, -0.5 / math.sqrt(0.5)),
        ("where(x > 0, sqrt(x), 0) + 0*sqrt(x + 2)", 0.25, 1.0),
    ],
)
def test_a_branch_not_chosen_has_no_derivative(evaluate: Evaluate, expression: str, x: float, slope: float) -> None:
    """Not even an infinite one, and not where a part of it is used twice."""
    assert evaluate(expression, x=x)[1] == pytest.approx([slope], rel=1e-14)


def test_vectors_are_unrolled(evaluate: Evaluate) -> None:
    value, slopes = evaluate("sum(x[i]**2 * (i + 1) for i in range(len(x))) + prod(x) + mean(x)", x=[1.0, 2.0, 4.0])
    assert value == pytest.approx(1 + 8 + 48 + 8 + 7 / 3, rel=1e-15)
    assert slopes == pytest.approx([2 + 8 + 1 / 3, 8 + 4 + 1 / 3, 24 + 2 + 1 / 3], rel=1e-15)


def test_a_vector_of_a_thousand() -> None:
    x = np.linspace(-1, 1, 1000)
    expression = "sum(100*(x[i+1]-x[i]**2)**2 + (1-x[i])**2 for i in range(len(x)-1))"
    expected = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    value, slopes = with_pytorch(expression, x=x.tolist())
    assert value == pytest.approx(expected, rel=1e-12)
    assert slopes[0] == pytest.approx(-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), rel=1e-9)
    problem = {"type": "expression", "expression": expression, "start": {"x": x.tolist()}}
    columns = run(job(problem, [{"name": "sgd", "learning_rate": 1e-3}], 1)).trajectories[0]
    assert columns["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert columns["grad_norm"][0] == pytest.approx(float(np.linalg.norm(slopes)), rel=1e-12)


@pytest.mark.parametrize("exponent", [-100, -7, -3, 3, 4, 5, 10, 31, 100])
def test_whole_powers_are_rounded_once(exponent: int) -> None:
    for x in np.linspace(0.3, 3.1, 40):
        value, (slope,) = with_kernels(f"x**{exponent}", x=float(x))
        assert value == pytest.approx(float(x) ** exponent, rel=2.3e-16)
        assert slope == pytest.approx(exponent * float(x) ** (exponent - 1), rel=1e-15)


@pytest.mark.parametrize(("x", "power"), [(1e200, math.inf), (-1e200, -math.inf), (1e-200, 0.0), (0.0, 0.0)])
def test_whole_powers_at_the_ends_of_the_range(evaluate: Evaluate, x: float, power: float) -> None:
    assert evaluate("x**5", x=x)[0] == power


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda part: f"({part[0]} {part[1]} {part[2]})")
    power = st.tuples(inner, st.integers(0, 4)).map(lambda part: f"({part[0]})**{part[1]}")
    smooth = st.sampled_from(["exp", "sin", "cos", "atan", "tanh", "sinh", "cosh"])
    call = st.tuples(smooth, inner).map(lambda part: f"{part[0]}({part[1]})")
    pair = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda part: f"{part[0]}({part[1]}, {part[2]})")
    return binary | power | call | pair | inner.map(lambda operand: f"(-{operand})")


LEAVES = st.sampled_from(["x", "y", "0.5", "2", "3.25"])
TREES = st.recursive(LEAVES, _combined, max_leaves=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES, st.floats(-2, 2), st.floats(-2, 2))
def test_random_expressions_agree_with_python(evaluate: Evaluate, tree: str, x: float, y: float) -> None:
    expression = f"({tree}) + 0*x + 0*y"
    try:
        parse(expression, {"x": None, "y": None})
        expected = eval(expression, MATH, {"x": x, "y": y})  # the test's own strategy wrote it
    except (ArithmeticError, ValueError):
        assume(False)
    assume(abs(expected) < 1e100)
    value, _ = evaluate(expression, x=x, y=y)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


# Of x / x the derivative has the terms 1/x and -x/x**2, which overflow where x is nearly the smallest number there is.
SLOPED = st.floats(-1.5, 1.5).filter(lambda x: x == 0 or abs(x) > 1e-50)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES.filter(lambda tree: "min" not in tree and "max" not in tree), SLOPED)
def test_gradients_of_random_expressions_agree_with_differences(evaluate: Evaluate, tree: str, x: float) -> None:
    expression = f"({tree}) + 0*x + 0*y"

    def at(shifted: float) -> float:
        return float(eval(expression, MATH, {"x": shifted, "y": 0.75}))

    try:
        parse(expression, {"x": None, "y": None})
        nearby = [at(x + shift) for shift in (-4e-3, -2e-3, -1e-3, 1e-3, 2e-3, 4e-3, 0)]
        slopes = slope_of(at, x), (nearby[3] - nearby[2]) / 2e-3
    except (ArithmeticError, ValueError):
        assume(False)
    # Near a pole or a turn too sharp for the difference two orders disagree.
    assume(max(map(abs, nearby)) < 1e6 and abs(slopes[0] - slopes[1]) < 1e-5 * (1 + abs(slopes[0])))
    _, gradient = evaluate(expression, x=x, y=0.75)
    assert gradient[0] == pytest.approx(slopes[0], rel=1e-4, abs=1e-4)


@each("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_catalogue_minimum(evaluate: Evaluate, function: TestFunction) -> None:
    for point in function.minimizers:
        value, gradient = evaluate(function.expression, **point)
        assert value == pytest.approx(function.minimum, rel=1e-9, abs=1e-9)
        if function.name not in NO_GRADIENT:
            assert gradient == pytest.approx([0.0] * len(gradient), abs=2e-5)


@each("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_both_ways_agree_on_the_catalogue(function: TestFunction) -> None:
    mine, theirs = (way(function.expression, **function.start) for way in WAYS.values())
    assert mine[0] == pytest.approx(theirs[0], rel=1e-13)
    assert mine[1] == pytest.approx(theirs[1], rel=1e-10, abs=1e-10)


@each("function", TEST_FUNCTIONS, ids=lambda function: function.name)
def test_the_catalogue_in_float32_is_the_same_up_to_rounding(function: TestFunction) -> None:
    """float32 is another library of kernels and other functions of Sleef."""
    if function.name == "cross-in-tray":
        pytest.skip("its exponential is beyond float32")
    problem = {"type": "expression", "expression": function.expression, "start": function.start}
    optimizers = [{"name": "sgd", "learning_rate": 1e-9}]
    values = [run(job(problem, optimizers, 1, dtype=dtype)).trajectories[0] for dtype in ("float64", "float32")]
    assert values[1]["loss"][0] == pytest.approx(values[0]["loss"][0], rel=2e-4, abs=2e-3)
