"""The start point of an expression: scalars and vectors, and where errors in it are."""

import math
from typing import Any

import pytest
from ayla_spec.limits import MAX_DIMENSIONS, MAX_VARIABLES
from ayla_spec.problems import ExpressionProblem
from pydantic import ValidationError


def problem(**start: Any) -> ExpressionProblem:
    return ExpressionProblem.model_validate({"expression": "x", "start": start})


def test_a_start_is_a_number_or_a_list_for_each_variable() -> None:
    made = problem(x=[1, 2.5], y=-3)
    assert made.start == {"x": [1.0, 2.5], "y": -3.0}
    assert made.shape == {"x": 2, "y": None}
    assert list(made.flat_start.items()) == [("x[0]", 1.0), ("x[1]", 2.5), ("y", -3.0)]


def test_whole_numbers_become_floats() -> None:
    made = problem(x=[1], y=2)
    assert [type(value) for value in made.flat_start.values()] == [float, float]


def test_a_problem_is_the_same_after_a_round_trip() -> None:
    made = problem(x=[1.0, 2.0], y=3.0)
    assert ExpressionProblem.model_validate(made.model_dump()) == made
    assert ExpressionProblem.model_validate_json(made.model_dump_json()) == made
    assert '"start":{"x":[1.0,2.0],"y":3.0}' in made.model_dump_json()


@pytest.mark.parametrize(
    ("start", "location", "kind"),
    [
        ({"x": math.nan}, ("start", "x"), "finite_number"),
        ({"x": math.inf}, ("start", "x"), "finite_number"),
        ({"x": "1.0"}, ("start", "x"), "float_type"),
        ({"x": True}, ("start", "x"), "float_type"),
        ({"x": None}, ("start", "x"), "float_type"),
        ({"x": 10**400}, ("start", "x"), "float_type"),
        ({"x": []}, ("start", "x"), "too_short"),
        ({"x": [1.0] * (MAX_DIMENSIONS + 1)}, ("start", "x"), "too_long"),
        ({"x": [1.0, math.nan]}, ("start", "x", 1), "finite_number"),
        ({"x": [1.0, "2"]}, ("start", "x", 1), "float_type"),
        ({"x": [False]}, ("start", "x", 0), "float_type"),
        ({"x": [[[[1.0]]]]}, ("start", "x", 0), "float_type"),
        ({"x": [1.0] * MAX_DIMENSIONS, "y": 1.0}, ("start",), "value_error"),
        ({f"x{place}": 1.0 for place in range(MAX_VARIABLES + 1)}, ("start",), "too_long"),
        ({}, ("start",), "too_short"),
    ],
)
def test_an_error_has_a_plain_location(start: dict[str, Any], location: tuple[str | int, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExpressionProblem.model_validate({"expression": "x", "start": start})
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (location, kind)


def test_the_largest_start_is_taken() -> None:
    assert len(problem(x=[0.0] * (MAX_DIMENSIONS - 1), y=1.0).flat_start) == MAX_DIMENSIONS


@pytest.mark.parametrize("name", ["sin", "where", "relu", "sum", "prod", "mean", "len", "range", "pi", "for", "x[0]"])
def test_words_of_the_language_are_no_variables(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        problem(**{name: 1.0})
    assert caught.value.errors()[0]["loc"] == ("start", name, "[key]")


def test_the_schema_tells_every_form() -> None:
    value = ExpressionProblem.model_json_schema()["properties"]["start"]["additionalProperties"]
    *single, vector = value["anyOf"]
    assert single[0] == {"type": "number"}
    assert [option["title"] for option in single[1:]] == ["Uniform", "Normal", "ValuesAxis", "RangeAxis"]
    assert vector == {"type": "array", "items": {"anyOf": single}, "minItems": 1, "maxItems": MAX_DIMENSIONS}
    assert ExpressionProblem.model_json_schema(mode="serialization")["properties"]["start"]["additionalProperties"]
