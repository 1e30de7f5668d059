"""Points of a problem: scalars and vectors by name, and the flat list of scalars that they stand for."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, FailFast, Field, PlainValidator, TypeAdapter, WithJsonSchema

from ayla_spec.limits import MAX_DIMENSIONS

Point = dict[str, float | list[float]]
"""A value for each variable: a number for a scalar, a list for a vector."""

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_NUMBER = TypeAdapter[float](float, config=_STRICT)
_VECTOR = TypeAdapter[list[float]](
    Annotated[list[float], Field(min_length=1, max_length=MAX_DIMENSIONS), FailFast()], config=_STRICT
)


def _number_or_vector(value: Any) -> float | list[float]:
    """Decide by the kind of ``value``, so that an error's location has no mark of a union's member in it."""
    return _VECTOR.validate_python(value) if isinstance(value, list) else _NUMBER.validate_python(value)


Coordinates = Annotated[
    float | list[float],
    PlainValidator(_number_or_vector),
    WithJsonSchema({"anyOf": [_NUMBER.json_schema(), _VECTOR.json_schema()]}),
]
"""The value of one variable in a spec: a finite number, or a list of 1 to ``MAX_DIMENSIONS`` of them."""


def within_dimensions(point: Point) -> Point:
    """``point``, refused if all its variables together are more than ``MAX_DIMENSIONS`` numbers."""
    count = len(flattened(point))
    if count > MAX_DIMENSIONS:
        raise ValueError(f"all variables together hold {count} numbers; at most {MAX_DIMENSIONS} are allowed")
    return point


def shape_of(point: Mapping[str, float | list[float]]) -> dict[str, int | None]:
    """For each variable None if it is a scalar, else its length."""
    return {name: len(value) if isinstance(value, list) else None for name, value in point.items()}


def element(name: str, index: int) -> str:
    """The name of one scalar of a vector: ``x[0]``."""
    return f"{name}[{index}]"


def flattened(point: Mapping[str, float | list[float]]) -> dict[str, float]:
    """The scalars of a point in order: ``{"x": [1.0, 2.0], "y": 3.0}`` is x[0], x[1], y."""
    flat: dict[str, float] = {}
    for name, value in point.items():
        if isinstance(value, list):
            flat |= {element(name, index): number for index, number in enumerate(value)}
        else:
            flat[name] = value
    return flat
