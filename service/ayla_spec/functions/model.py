"""Test functions: expression, domain and known minimum, and how they depend on the dimension."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from typing import ClassVar, Literal

from ayla_spec.expression import Point, parse, shape_of
from ayla_spec.limits import MAX_DIMENSIONS
from ayla_spec.starts import Uniform

Interval = tuple[float, float]
"""The lowest and the highest value of a variable in the customary domain."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Minimum of a function of a vector x, in one dimension.

    Attributes:
        minimizers: one or more values of x.
        value: the value there.
        domain: for every element of x.
    """

    minimizers: tuple[list[float], ...]
    value: float
    domain: Interval


@dataclass(frozen=True, slots=True)
class Family:
    """A function of a vector x in all its dimensions.

    Attributes:
        start: the start point; it is repeated to the dimension.
        minimum: what is known in a dimension.
        least: the lowest dimension.
        most: the highest dimension.
        multiple: what divides every possible dimension.
    """

    start: tuple[float, ...]
    minimum: Callable[[int], Minimum]
    least: int = 1
    most: int = MAX_DIMENSIONS
    multiple: int = 1

    def check(self, name: str, dimension: int) -> None:
        """Refuse a dimension in which the function is not defined or its minimum not known."""
        if not self.least <= dimension <= self.most:
            raise ValueError(f"{name} is known in {self.least} to {self.most} dimensions, not in {dimension}")
        if dimension % self.multiple:
            raise ValueError(f"{name} needs a dimension that is a multiple of {self.multiple}, not {dimension}")


@dataclass(frozen=True, slots=True)
class TestFunction:
    """A function whose minimum is known.

    Attributes:
        name: identifier in the catalogue.
        title: for people.
        expression: in the language of ``ayla_spec.expression``.
        start: the customary start point; a list for a vector.
        minimizers: one or more points of the global minimum, in the form of ``start``.
        minimum: value there.
        domain: where the minimum is the least value: an interval for each variable, or one for all of them.
        description: what makes it hard.
        dimensions: how many numbers the function takes, or "any"; then start, minimizers, minimum and domain are
            those of the dimension of ``start``.
        family: how they depend on the dimension; None if there is only one.
    """

    __test__: ClassVar[bool] = False  # the name is not an invitation to pytest

    name: str
    title: str
    expression: str
    start: Point
    minimizers: tuple[Point, ...]
    minimum: float
    domain: Interval | dict[str, Interval]
    description: str
    dimensions: Literal["any"] | int = 2
    family: Family | None = field(default=None, repr=False, compare=False)

    @property
    def random_start(self) -> dict[str, Uniform]:
        """A start point that is drawn from the domain, in the form of ``start``."""
        return {
            name: Uniform(uniform=list(self.domain_of(name)), dimension=length)
            for name, length in shape_of(self.start).items()
        }

    def domain_of(self, variable: str) -> Interval:
        """The interval of one variable, also where one stands for all."""
        return self.domain[variable] if isinstance(self.domain, dict) else self.domain

    def in_dimension(self, dimension: int) -> "TestFunction":
        """The same function of ``dimension`` numbers.

        Raises:
            ValueError: if it is not defined there, its minimum is not known, or the expression grows too large.
        """
        if self.family is None:
            if dimension != self.dimensions:
                raise ValueError(f"{self.name} is defined in {self.dimensions} dimension(s) only, not in {dimension}")
            return self
        self.family.check(self.name, dimension)
        return self._placed(self.family, dimension)

    def _placed(self, family: Family, dimension: int) -> "TestFunction":
        start: Point = {"x": list(islice(cycle(family.start), dimension))}
        parse(self.expression, shape_of(start))
        known = family.minimum(dimension)
        minimizers: tuple[Point, ...] = tuple({"x": point} for point in known.minimizers)
        return replace(self, start=start, minimizers=minimizers, minimum=known.value, domain=known.domain)
