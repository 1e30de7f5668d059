"""Start points of expressions: numbers, and distributions that each trial draws from with its seed."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    FailFast,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import core_schema

from ayla_spec.axes import AxisReader, RangeAxis, ValuesAxis, is_axis, looks_like_axis
from ayla_spec.expression.points import flattened
from ayla_spec.limits import MAX_DIMENSIONS
from ayla_spec.model import SpecModel, is_none

MOST_DEVIATIONS = 9.0
"""No normal draw is as many standard deviations from its mean: they are made of 53 bits, and the farthest is 8.21."""


def _interval(bounds: list[float]) -> list[float]:
    low, high = bounds
    if not low < high:
        raise ValueError("must be [low, high] with low below high")
    if not math.isfinite(high - low):
        raise ValueError("high - low must be a number that a float can hold, at most about 1.8e308")
    return bounds


def _mean_and_deviation(numbers: list[float]) -> list[float]:
    mean, deviation = numbers
    if deviation <= 0:
        raise ValueError("must be [mean, standard deviation] with a standard deviation above 0")
    if not math.isfinite(abs(mean) + MOST_DEVIATIONS * deviation):
        raise ValueError("leaves the range of numbers, about 1.8e308; make the standard deviation smaller")
    return numbers


_TWO = Field(min_length=2, max_length=2)


_Dimension = Annotated[int | None, Field(ge=1, le=MAX_DIMENSIONS)]
_DIMENSION = (
    "Length of a vector whose elements are all drawn, independently. Null: one number, alone or in a list, where it is "
    "left out."
)


class Uniform(SpecModel):
    """Evenly between two numbers: ``{"uniform": [-5, 5]}``."""

    name: ClassVar[str] = "uniform"

    uniform: Annotated[list[float], _TWO, AfterValidator(_interval)] = Field(
        description="[low, high], with low below high."
    )
    dimension: _Dimension = Field(None, exclude_if=is_none, description=_DIMENSION)

    @property
    def middle(self) -> float:
        """The median."""
        low, high = self.uniform
        return low + (high - low) / 2


class Normal(SpecModel):
    """Gaussian: ``{"normal": [0, 1]}``."""

    name: ClassVar[str] = "normal"

    normal: Annotated[list[float], _TWO, AfterValidator(_mean_and_deviation)] = Field(
        description="[mean, standard deviation], the latter above 0."
    )
    dimension: _Dimension = Field(None, exclude_if=is_none, description=_DIMENSION)

    @property
    def middle(self) -> float:
        """The median."""
        return self.normal[0]

    @property
    def largest(self) -> float:
        """A size that no draw reaches."""
        mean, deviation = self.normal
        return abs(mean) + MOST_DEVIATIONS * deviation


DISTRIBUTIONS: tuple[type[Uniform], type[Normal]] = (Uniform, Normal)

Scalar = float | Uniform | Normal
"""Start of one number: itself, or what it is drawn from."""

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_NUMBER = TypeAdapter[float](float, config=_STRICT)
_NUMBER_OR_AXIS = AxisReader(core_schema.float_schema())


def _number_or_distribution(value: Any) -> Scalar:
    """Decide by the kind of ``value``, so that an error's location has no mark of a union's member in it."""
    if is_axis(value) or looks_like_axis(value) or not isinstance(value, dict | Uniform | Normal):
        # An axis stands for numbers, so it has their static type.
        return cast("float", _NUMBER_OR_AXIS(value))
    if isinstance(value, dict):
        named = [model for model in DISTRIBUTIONS if model.name in value]
        if len(named) != 1:
            raise ValueError(
                "must be a number, {'uniform': [low, high]}, {'normal': [mean, standard deviation]} or an axis, "
                "{'values': [...]} or {'low': low, 'high': high}"
            )
        return named[0].model_validate(value)
    return value


def _element(value: Any) -> Scalar:
    found = _number_or_distribution(value)
    if isinstance(found, Uniform | Normal) and found.dimension is not None:
        raise ValueError("an element of a list is one number, so its distribution has no 'dimension'; leave that out")
    return found


_SINGLE: list[dict[str, Any]] = [
    _NUMBER.json_schema(),
    *(model.model_json_schema() for model in (*DISTRIBUTIONS, ValuesAxis, RangeAxis)),
]
_Element = Annotated[Scalar, PlainValidator(_element), WithJsonSchema({"anyOf": _SINGLE})]
_VECTOR = TypeAdapter[list[Scalar]](
    Annotated[list[_Element], Field(min_length=1, max_length=MAX_DIMENSIONS), FailFast()], config=_STRICT
)


def _start(value: Any) -> Scalar | list[Scalar]:
    return _VECTOR.validate_python(value) if isinstance(value, list) else _number_or_distribution(value)


def _written(value: Scalar | list[Scalar]) -> Any:
    if isinstance(value, list):
        return list(map(_written, value))
    return value.model_dump() if isinstance(value, SpecModel) else value


Start = Annotated[
    Scalar | list[Scalar],
    PlainValidator(_start),
    PlainSerializer(_written),
    WithJsonSchema({"anyOf": [*_SINGLE, _VECTOR.json_schema()]}),
]
"""Start of one variable: a finite number, a distribution, or a list of 1 to ``MAX_DIMENSIONS`` of them."""

StartPoint = Mapping[str, Scalar | list[Scalar]]


def expanded(start: StartPoint) -> dict[str, Scalar | list[Scalar]]:
    """The start with a list for each vector, also where one distribution stands for all its elements."""
    return {name: _expanded(value) for name, value in start.items()}


def _expanded(value: Scalar | list[Scalar]) -> Scalar | list[Scalar]:
    if isinstance(value, Uniform | Normal) and value.dimension is not None:
        alone: Scalar = value.model_copy(update={"dimension": None})
        return [alone] * value.dimension
    return value


def within_dimensions(start: dict[str, Scalar | list[Scalar]]) -> dict[str, Scalar | list[Scalar]]:
    """``start``, refused if all its variables together are more than ``MAX_DIMENSIONS`` numbers."""
    count = len(flattened(expanded(start)))
    if count > MAX_DIMENSIONS:
        raise ValueError(f"all variables together hold {count} numbers; at most {MAX_DIMENSIONS} are allowed")
    return start


def distributions(start: StartPoint) -> Iterator[tuple[str, Uniform | Normal]]:
    """The distributions of a start, each with the pointer to it: ``/x``, ``/x/0``."""
    for name, value in start.items():
        places = enumerate(value) if isinstance(value, list) else [("", value)]
        for place, item in places:
            if isinstance(item, Uniform | Normal):
                yield f"/{name}/{place}".removesuffix("/"), item
