"""Axes: what stands in place of a number that a sweep tries several values of.

A field takes one where its type has ``OR_AXIS`` among its annotations. Its static type stays that of the number: only
the spec of a job has axes; the settings and problems that are computed with have none (``ayla_spec.space``).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeGuard

from pydantic import FailFast, Field, GetCoreSchemaHandler, WithJsonSchema, model_validator
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from ayla_spec.limits import MAX_AXIS_VALUES
from ayla_spec.model import DecayRate, Exponent, NonNegativeFloat, PositiveFloat, SpecModel, is_none

Scale = Literal["linear", "log", "reverse-log"]

DIGITS = 12
"""Significant digits of a point that is computed from a range, so that a power of ten is one: 0.001, not
0.0010000000000000002."""

_Number = Annotated[int | float, WithJsonSchema({"type": "number"})]
"""Whole where the field takes whole numbers only."""

_LEAST_STEP = 2 * 10.0 ** (1 - DIGITS)
"""The least distance of two points, relative to the largest of them, at which they stay two when they are rounded."""


def refuse_repeated(values: list[float]) -> None:
    """Refuse points of which one stands twice.

    Raises:
        ValueError: with the first such point.
    """
    if len(set(values)) == len(values):
        return
    seen = set[float]()
    for value in values:
        if value in seen:
            raise ValueError(f"{value:g} stands twice in 'values'; list each value once")
        seen.add(value)


class ValuesAxis(SpecModel):
    """An axis whose points are listed: ``{"values": [0.5, 1, 1.5]}``."""

    values: Annotated[list[_Number], FailFast()] = Field(
        min_length=1, max_length=MAX_AXIS_VALUES, description="The points, each once, in the order of a grid."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_repeated(self.values)
        return self

    @property
    def count(self) -> int:
        """How many points it has."""
        return len(self.values)

    @property
    def scale(self) -> None:
        """None: points that are listed have no scale."""
        return

    @property
    def least(self) -> float:
        """The smallest point."""
        return min(self.values)

    @property
    def most(self) -> float:
        """The largest point."""
        return max(self.values)

    @property
    def is_whole(self) -> bool:
        """Whether its field takes whole numbers only."""
        return isinstance(self.values[0], int)


class RangeAxis(SpecModel):
    """An axis from one number to another: ``{"low": 1e-4, "high": 0.1, "scale": "log", "count": 4}``."""

    low: _Number = Field(description="The least point.")
    high: _Number = Field(description="The largest point, above low.")
    scale: Scale = Field(
        "linear",
        description="In what points are evenly apart: 'linear' in the number itself, 'log' in its logarithm (low above "
        "0), 'reverse-log' in the logarithm of its distance to 1 (high below 1), as for rates 0.9, 0.99, 0.999.",
    )
    count: int | None = Field(
        None,
        ge=2,
        le=MAX_AXIS_VALUES,
        exclude_if=is_none,
        description="Number of points, low and high among them. Null: every number between, for the designs 'random' "
        "and 'sobol'.",
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError("'low' must be below 'high'")
        if not math.isfinite(self.high - self.low):
            raise ValueError("high - low must be a number that a float can hold, at most about 1.8e308")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("'low' must be above 0 on a log scale")
        if self.scale == "reverse-log" and self.high >= 1:
            raise ValueError("'high' must be below 1 on a reverse-log scale")
        if self.count is not None and not self._is_resolved(self.count):
            raise ValueError("'count' makes points that are too close to tell apart; use fewer")
        return self

    def _is_resolved(self, count: int) -> bool:
        """Whether points stay apart when they are rounded: the two that are closest."""
        if self.scale == "linear":
            step = (self.high - self.low) / (count - 1)
            return step >= (1 if self.is_whole else _LEAST_STEP * max(-self.low, self.high))
        first, last = (self.low, self.high) if self.scale == "log" else (1 - self.low, 1 - self.high)
        growth = abs(math.expm1((math.log(last) - math.log(first)) / (count - 1)))
        if self.is_whole:
            return self.low * growth >= 1
        return growth >= _LEAST_STEP and (self.scale == "log" or last * growth >= _LEAST_STEP / 1000)

    @property
    def least(self) -> float:
        """The smallest point."""
        return self.low

    @property
    def most(self) -> float:
        """The largest point."""
        return self.high

    @property
    def is_whole(self) -> bool:
        """Whether its field takes whole numbers only."""
        return isinstance(self.low, int)


Axis = ValuesAxis | RangeAxis


def axes_of(model: SpecModel | None, prefix: str = "") -> Iterator[tuple[str, Axis]]:
    """The axes below a model with their paths, in the order of its fields.

    Args:
        model: the settings of an optimizer, a problem.
        prefix: what every path begins with: ``problem.``.
    """
    for name, value in model or ():
        yield from _axes_below(value, f"{prefix}{name}")


def _axes_below(value: object, path: str) -> Iterator[tuple[str, Axis]]:
    if is_axis(value):
        yield path, value
    elif isinstance(value, SpecModel):
        yield from axes_of(value, f"{path}.")
    elif isinstance(value, list | dict):
        for name, item in enumerate(value) if isinstance(value, list) else value.items():
            yield from _axes_below(item, f"{path}.{name}")


def is_axis(value: object) -> TypeGuard[Axis]:
    """Whether an axis stands in place of a number."""
    return isinstance(value, ValuesAxis | RangeAxis)


def least(value: float) -> float:
    """The smallest number that a setting takes: the number itself, or the least point of its axis."""
    return value.least if is_axis(value) else value


def most(value: float) -> float:
    """The largest number that a setting takes."""
    return value.most if is_axis(value) else value


def looks_like_axis(value: object) -> bool:
    """Whether something submitted is meant for an axis."""
    return isinstance(value, Mapping) and not value.keys().isdisjoint(("values", "low", "high"))


_CONFIG = core_schema.CoreConfig(strict=True, allow_inf_nan=False)


class AxisReader:
    """Reads a number or an axis of such numbers.

    Args:
        number: core schema of the number, with its bounds.
    """

    def __init__(self, number: CoreSchema) -> None:
        self._number = SchemaValidator(number, _CONFIG)
        field = core_schema.typed_dict_field
        values = core_schema.list_schema(number, min_length=1, max_length=MAX_AXIS_VALUES, fail_fast=True)
        self._values = SchemaValidator(core_schema.typed_dict_schema({"values": field(values)}, config=_CONFIG))
        ends = {"low": field(number), "high": field(number)}
        self._ends = SchemaValidator(core_schema.typed_dict_schema(ends, total=False, config=_CONFIG))

    def __call__(self, value: Any, _: object = None) -> Any:
        """The number or the axis; numbers of the axis are held to the bounds of the field.

        Raises:
            pydantic.ValidationError: with locations that have no mark of a union's member.
        """
        if is_axis(value):
            value = value.model_dump()
        if not isinstance(value, dict):
            return self._number.validate_python(value)
        if not looks_like_axis(value):
            raise ValueError("must be a number or an axis, {'values': [...]} or {'low': low, 'high': high}")
        # First the numbers: by their kind the rules of the axis know whether it is one of whole numbers.
        if "values" in value:
            values = self._values.validate_python(value)["values"]
            # One of them stands for all, as a second look at each would cost more than the first.
            alone = ValuesAxis.model_validate(value | {"values": values[:1]})
            refuse_repeated(values)
            return alone.model_copy(update={"values": values})
        return RangeAxis.model_validate(value | self._ends.validate_python(value))


class OrAxis:
    """Annotation of a number: an axis can stand in its place."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = handler(source)
        # The union is for JSON schemas and for writing; reading chooses by the kind of what is given.
        either = core_schema.union_schema(
            [number, handler.generate_schema(ValuesAxis), handler.generate_schema(RangeAxis)]
        )
        return core_schema.no_info_wrap_validator_function(AxisReader(number), either)


OR_AXIS = OrAxis()

PositiveSetting = Annotated[PositiveFloat, OR_AXIS]
NonNegativeSetting = Annotated[NonNegativeFloat, OR_AXIS]
DecaySetting = Annotated[DecayRate, OR_AXIS]
ExponentSetting = Annotated[Exponent, OR_AXIS]
