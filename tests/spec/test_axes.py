"""Axes in place of numbers: what they may be, and their points."""

import json
import math
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from ayla_spec.axes import RangeAxis, Scale, ValuesAxis, axes_of, is_axis
from ayla_spec.axis_points import drawn, points, table
from ayla_spec.limits import MAX_AXIS_VALUES
from ayla_spec.optimizers import Adam, Sgd
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

DIGITS = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "mlp", "hidden": [16]}}


def adam(**fields: Any) -> Adam:
    return Adam.model_validate({"name": "adam", "learning_rate": 0.1} | fields)


def test_an_axis_stands_where_a_number_stands() -> None:
    settings = adam(
        learning_rate={"low": 1e-4, "high": 0.1, "scale": "log"},
        ayla={"n1": {"values": [0.5, 1, 1.5]}},
        schedule={"name": "step", "every": {"values": [10, 20]}, "factor": {"low": 0.1, "high": 0.9, "count": 3}},
        clip_norm={"values": [1.0, 10.0]},
        beta2={"low": 0.9, "high": 0.999, "scale": "reverse-log"},
    )
    assert [path for path, _ in axes_of(settings)] == [
        "learning_rate", "ayla.n1", "schedule.every", "schedule.factor", "clip_norm", "beta2",
    ]  # fmt: skip
    assert Adam.model_validate_json(settings.model_dump_json()) == settings
    assert json.loads(settings.model_dump_json())["ayla"]["n1"] == {"values": [0.5, 1.0, 1.5]}


def test_axes_of_a_problem() -> None:
    problem = DatasetProblem.model_validate(
        DIGITS | {"batch_size": {"values": [16, 32]}, "model": {"name": "mlp", "hidden": [{"low": 8, "high": 64}, 4]}}
    )
    found = dict(axes_of(problem, "problem."))
    assert list(found) == ["problem.model.hidden.0", "problem.batch_size"]
    assert all(axis.is_whole for axis in found.values())
    start = {"x": {"values": [0.5, 1]}, "y": [0.0, {"low": -1, "high": 1}], "z": {"uniform": [0, 1]}}
    expression = ExpressionProblem.model_validate({"expression": "x + y[0] + y[1] + z", "start": start})
    assert [path for path, _ in axes_of(expression, "problem.")] == ["problem.start.x", "problem.start.y.1"]
    assert ExpressionProblem.model_validate(expression.model_dump()) == expression
    assert ExpressionProblem.model_validate_json(expression.model_dump_json()) == expression


@pytest.mark.parametrize(
    ("axis", "place", "words"),
    [
        ({"values": []}, ("learning_rate", "values"), "at least 1 item"),
        ({"values": [0.1, -0.1]}, ("learning_rate", "values", 1), "greater than 0"),
        ({"values": [0.1, "0.2"]}, ("learning_rate", "values", 1), "valid number"),
        ({"values": [0.1, 0.1]}, ("learning_rate",), "0.1 stands twice"),
        ({"values": [0.1] * (MAX_AXIS_VALUES + 1)}, ("learning_rate", "values"), f"at most {MAX_AXIS_VALUES}"),
        ({"values": [0.1], "low": 1}, ("learning_rate", "low"), "not permitted"),
        ({"low": 0.1}, ("learning_rate", "high"), "required"),
        ({"value": [0.1]}, ("learning_rate",), "must be a number or an axis"),
        ({}, ("learning_rate",), "must be a number or an axis"),
        ({"low": 0, "high": 1}, ("learning_rate", "low"), "greater than 0"),
        ({"low": 1, "high": 1}, ("learning_rate",), "'low' must be below 'high'"),
        ({"low": 0.1, "high": 1, "scale": "reverse-log"}, ("learning_rate",), "below 1 on a reverse-log scale"),
        ({"low": 0.1, "high": 1, "scale": "cubic"}, ("learning_rate", "scale"), "'linear', 'log'"),
        ({"low": 0.1, "high": 1, "count": 1}, ("learning_rate", "count"), "greater than or equal to 2"),
        ({"low": 0.1, "high": 1, "count": MAX_AXIS_VALUES + 1}, ("learning_rate", "count"), "less than or equal"),
        ({"low": 0.1, "high": 0.1 + 1e-13, "count": 3}, ("learning_rate",), "too close to tell apart"),
        ({"low": 0.1, "high": math.inf}, ("learning_rate", "high"), "finite"),
    ],
)
def test_an_axis_that_cannot_be_is_refused_where_it_stands(axis: Any, place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        adam(learning_rate=axis)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert words in error["msg"]


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ({"values": [16, 32.5]}, "valid integer"),
        ({"low": 1, "high": 9.5}, "valid integer"),
        ({"low": 1, "high": 9, "count": 10}, "too close to tell apart"),
        ({"low": 1, "high": 9, "scale": "log", "count": 6}, "too close to tell apart"),
    ],
)
def test_axes_of_whole_numbers_have_whole_points(axis: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DatasetProblem.model_validate(DIGITS | {"batch_size": axis})
    assert words in caught.value.errors()[0]["msg"]


def test_momentum_of_nesterov_stays_above_0_on_the_whole_axis() -> None:
    with pytest.raises(ValidationError, match="nesterov needs momentum"):
        Sgd.model_validate({"learning_rate": 0.1, "nesterov": True, "momentum": {"values": [0.0, 0.9]}})
    sgd = Sgd.model_validate({"learning_rate": 0.1, "nesterov": True, "momentum": {"values": [0.5, 0.9]}})
    assert is_axis(sgd.momentum)


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        (ValuesAxis(values=[3.0, 1.0, 2.0]), [3, 1, 2]),
        (RangeAxis(low=1e-4, high=0.1, scale="log", count=4), [1e-4, 1e-3, 1e-2, 0.1]),
        (RangeAxis(low=0.9, high=0.999, scale="reverse-log", count=3), [0.9, 0.99, 0.999]),
        (RangeAxis(low=-0.3, high=0.3, count=7), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]),
        (RangeAxis(low=1, high=9, count=5), [1, 3, 5, 7, 9]),
        (RangeAxis(low=1, high=100, scale="log", count=3), [1, 10, 100]),
    ],
)
def test_points_are_the_numbers_that_one_would_write(axis: Any, expected: list[float]) -> None:
    assert table(axis).tolist() == expected


@st.composite
def axes(draw: st.DrawFn) -> RangeAxis:
    scale = draw(st.sampled_from(get_args(Scale)))
    ends: list[float]
    if draw(st.booleans()) and scale != "reverse-log":
        ends = list(draw(st.lists(st.integers(1, 10_000), min_size=2, max_size=2, unique=True)))
    else:
        least, most = {"linear": (-1e9, 1e9), "log": (1e-200, 1e200), "reverse-log": (-100.0, 0.9999)}[scale]
        ends = draw(st.lists(st.floats(least, most), min_size=2, max_size=2, unique=True))
    count = draw(st.none() | st.integers(2, 200))
    try:
        return RangeAxis(low=min(ends), high=max(ends), scale=scale, count=count)
    except ValidationError:
        return RangeAxis(low=min(ends), high=max(ends), scale=scale)


@given(axes())
def test_points_of_a_range_rise_from_end_to_end(axis: RangeAxis) -> None:
    if axis.count is None:
        return
    found = table(axis).tolist()
    assert [points(axis, np.array([place]))[0] for place in range(axis.count)] == found
    assert (found[0], found[-1]) == (axis.low, axis.high)
    assert all(one < other for one, other in pairwise(found))
    assert not axis.is_whole or all(float(value).is_integer() for value in found)


@given(axes(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_draws_lie_on_the_axis(axis: RangeAxis, units: list[float]) -> None:
    found = drawn(axis, np.array(units))
    assert ((found >= axis.low) & (found <= axis.high)).all()
    if axis.count is not None:
        assert set(found) <= set(table(axis))
    elif axis.is_whole:
        assert (found == np.round(found)).all()


def test_whole_numbers_are_equally_likely_on_a_linear_scale() -> None:
    found = drawn(RangeAxis(low=1, high=4), (np.arange(4000) + 0.5) / 4000)
    assert np.unique(found, return_counts=True)[1].tolist() == [1000] * 4
