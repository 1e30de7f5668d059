"""The test functions: their known minima, in every dimension that they claim."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from ayla_spec.expression import Expression, flattened, parse, shape_of
from ayla_spec.functions import TEST_FUNCTIONS, Interval, TestFunction
from ayla_spec.limits import MAX_DIMENSIONS

from tests.cases import each
from tests.spec.interpreter import value_at, values_at

SAMPLES = 20_000
NAMES = [function.name for function in TEST_FUNCTIONS]
BY_NAME = dict(zip(NAMES, TEST_FUNCTIONS, strict=True))
LIMITED = {"powell": (4, 8), "michalewicz": (2, 5, 10)}
KINKED = {"ackley", "bukin-n6", "alpine-n1", "salomon"}  # no gradient at the minimum
ON_THE_BORDER = {"eggholder"}


def _cases() -> Iterator[TestFunction]:
    for function in TEST_FUNCTIONS:
        if function.dimensions == "any":
            yield from (function.in_dimension(n) for n in LIMITED.get(function.name, (2, 5, 10)))
        else:
            yield function


def _name(function: TestFunction) -> str:
    return f"{function.name}-{len(flattened(function.start))}"


CASES = list(_cases())
SMOOTH = [case for case in CASES if case.name not in KINKED | ON_THE_BORDER]


def _parsed(function: TestFunction) -> Expression:
    return parse(function.expression, shape_of(function.start))


def _domain_of(function: TestFunction, scalar: str) -> Interval:
    return function.domain[scalar] if isinstance(function.domain, dict) else function.domain


def test_the_catalogue_is_rich_and_its_names_are_unique() -> None:
    assert len(NAMES) >= 26
    assert len(set(NAMES)) == len(NAMES)
    assert len({function.title for function in TEST_FUNCTIONS}) == len(NAMES)
    assert {"saddle-polynomial", "sphere", "rosenbrock", "himmelblau", "beale", "booth"} <= set(NAMES)
    assert {"rastrigin", "ackley", "styblinski-tang", "monkey-saddle"} <= set(NAMES)


@each("function", TEST_FUNCTIONS, ids=NAMES)
def test_start_and_minimizers_have_one_form_and_lie_in_the_domain(function: TestFunction) -> None:
    shape = shape_of(function.start)
    for point in (function.start, *function.minimizers):
        assert shape_of(point) == shape
        for scalar, value in flattened(point).items():
            low, high = _domain_of(function, scalar)
            assert low <= value <= high
    assert function.dimensions in ("any", len(flattened(function.start)))
    assert set(_parsed(function).variables) == set(flattened(function.start))


@each("function", CASES, ids=_name)
def test_the_minimum_is_taken_at_every_minimizer(function: TestFunction) -> None:
    expression = _parsed(function)
    for point in function.minimizers:
        assert value_at(expression, flattened(point)) == pytest.approx(function.minimum, rel=1e-9, abs=1e-9)


@each("function", CASES, ids=_name)
def test_the_start_is_not_a_minimizer(function: TestFunction) -> None:
    value = value_at(_parsed(function), flattened(function.start))
    assert math.isfinite(value)
    assert value > function.minimum + 1e-3


@each("function", CASES, ids=_name)
def test_no_point_of_the_domain_is_lower(function: TestFunction) -> None:
    draw = np.random.default_rng(20_000)
    scalars = list(flattened(function.start))
    points = {name: draw.uniform(*_domain_of(function, name), SAMPLES) for name in scalars}
    near = flattened(function.minimizers[0])
    around = {
        name: np.clip(near[name] + draw.normal(0, 0.01, SAMPLES), *_domain_of(function, name)) for name in scalars
    }
    for sample in (points, around):
        lowest = float(values_at(_parsed(function), sample).min())
        assert lowest >= function.minimum - 1e-9 * max(1.0, abs(function.minimum))


@each("function", SMOOTH, ids=_name)
def test_the_gradient_vanishes_at_every_minimizer(function: TestFunction) -> None:
    expression = _parsed(function)
    h = 1e-5
    for minimizer in function.minimizers:
        point = flattened(minimizer)
        for name, value in point.items():
            higher = value_at(expression, {**point, name: value + h})
            lower = value_at(expression, {**point, name: value - h})
            # The third derivative and the rounding of the value are what a difference is off by.
            assert (higher - lower) / (2 * h) == pytest.approx(0.0, abs=1e-6 * max(1.0, abs(function.minimum)))


@each("function", [case for case in TEST_FUNCTIONS if case.dimensions == "any"], ids=_name)
def test_the_plain_entry_is_its_own_lowest_usual_dimension(function: TestFunction) -> None:
    assert function.in_dimension(len(flattened(function.start))) == function


def test_the_start_is_repeated_to_the_dimension() -> None:
    assert BY_NAME["rosenbrock"].in_dimension(5).start == {"x": [-1.2, 1.0, -1.2, 1.0, -1.2]}
    assert BY_NAME["powell"].in_dimension(8).start == {"x": [3.0, -1.0, 0.0, 1.0] * 2}


@pytest.mark.parametrize(
    ("name", "dimension", "minimum"),
    [
        ("trid", 6, -50.0),
        ("trid", 10, -210.0),
        ("michalewicz", 2, -1.8013034100985537),
        ("michalewicz", 5, -4.687658179),
        ("michalewicz", 10, -9.6601517),
        ("styblinski-tang", 3, -117.49849711),
    ],
)
def test_minima_that_depend_on_the_dimension_agree_with_the_literature(
    name: str, dimension: int, minimum: float
) -> None:
    assert BY_NAME[name].in_dimension(dimension).minimum == pytest.approx(minimum, rel=1e-7)


@pytest.mark.parametrize(
    ("name", "dimension", "said"),
    [
        ("booth", 3, "booth is defined in 2 dimension"),
        ("rosenbrock", 1, "rosenbrock is known in 2 to 1000 dimensions, not in 1"),
        ("sphere", 0, "1 to 1000"),
        ("sphere", MAX_DIMENSIONS + 1, "1 to 1000"),
        ("powell", 6, "multiple of 4"),
        ("michalewicz", 11, "1 to 10 dimensions"),
        ("sum-different-powers", 100, "1 to 99"),
        ("levy", 1000, "unrolled"),
    ],
)
def test_a_dimension_that_is_not_possible_is_refused(name: str, dimension: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BY_NAME[name].in_dimension(dimension)


@pytest.mark.parametrize("name", ["sphere", "rosenbrock", "rastrigin", "ackley", "griewank", "schwefel", "dixon-price"])
def test_the_common_functions_reach_the_highest_dimension(name: str) -> None:
    function = BY_NAME[name].in_dimension(MAX_DIMENSIONS)
    value = value_at(_parsed(function), flattened(function.minimizers[0]))
    assert value == pytest.approx(function.minimum, abs=1e-8)


def test_a_function_of_one_dimension_stays_itself() -> None:
    assert BY_NAME["booth"].in_dimension(2) is BY_NAME["booth"]
