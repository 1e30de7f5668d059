"""Expressions that are functions of the catalogue, whatever they are called."""

import pytest
from ayla_spec.expression import ExpressionError, shape_of
from ayla_spec.functions import TEST_FUNCTIONS, known_minimum
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem


def test_every_function_of_the_catalogue_is_known_and_so_is_the_polynomial_of_the_paper() -> None:
    for function in TEST_FUNCTIONS:
        assert known_minimum(function.expression, shape_of(function.start)) == function.minimum, function.name
    polynomial = PRESETS["poly-sgd"].problem
    assert isinstance(polynomial, ExpressionProblem)
    assert known_minimum(polynomial.expression, polynomial.shape) == -6.54296875


@pytest.mark.parametrize(
    ("expression", "shape", "least"),
    [
        ("u**2 + v**2", {"u": None, "v": None}, 0.0),  # the sphere, written out and with other names
        (" sum( w[k] ** 2  for k in range(5))", {"w": 5}, 0.0),
        ("0.5*sum(x[i]**4 - 16*x[i]**2 + 5*x[i] for i in range(len(x)))", {"x": 3}, 3 * -39.16616570377142),
        ("x**4 - 3*x**3 + 3", {"x": None}, None),  # the polynomial, one higher
        ("2 + x**4 - 3*x**3", {"x": None}, None),  # the same in another order is another tree
        ("u**2 + u*v", {"u": None, "v": None}, None),
        ("sum(x[i]**2 for i in range(2))", {"x": 3}, None),  # of three numbers only two count
        ("-sum(sin(x[i])*sin((i + 1)*x[i]**2/pi)**20 for i in range(len(x)))", {"x": 11}, None),  # known up to 10
    ],
)
def test_an_expression_is_recognized_by_what_it_computes(
    expression: str, shape: dict[str, int | None], least: float | None
) -> None:
    found = known_minimum(expression, shape)
    assert found == (None if least is None else pytest.approx(least))


def test_what_is_no_expression_of_its_variables_is_refused() -> None:
    with pytest.raises(ExpressionError):
        known_minimum("x**2", {"y": None})
