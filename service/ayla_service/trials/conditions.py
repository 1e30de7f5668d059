"""Conditions on the numbers of trials, and an order by one of them, as queries give them."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ayla_service.errors import InvalidQuery

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_CONDITIONS = 10
LONGEST_CONDITION = 200
"""Characters."""

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_CONDITION = re.compile(rf"\s*([A-Za-z_][\w.]*)\s*(<=|>=|!=|==|=|<|>)\s*({_NUMBER})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """A column that is compared with a number; a trial without the number in the column does not meet it.

    Attributes:
        column: its name.
        symbol: the comparison.
        number: what the column is compared with.
    """

    column: str
    symbol: str
    number: float

    def met(self, values: Numbers) -> Mask:
        """Which of the values meet it; NaN, which stands for none, never does."""
        found: Mask = _OPERATORS[self.symbol](values, self.number) & ~np.isnan(values)
        return found

    def __str__(self) -> str:
        """As a query gives it."""
        return f"{self.column}{self.symbol}{self.number:g}"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of trials by one of their columns; those without the number come last, equal ones in that of the job.

    Attributes:
        column: its name.
        descending: whether the largest comes first.
    """

    column: str
    descending: bool = False

    def __str__(self) -> str:
        """As a query gives it."""
        return f"{'-' * self.descending}{self.column}"

    def keys(self, values: Numbers) -> Numbers:
        """Numbers whose ascending order, NaN last, is this one."""
        return -values if self.descending else values


def conditions_of(texts: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions that a query gives.

    Raises:
        InvalidQuery: if there are too many of them, or one is none.
    """
    if len(texts) > MOST_CONDITIONS:
        raise InvalidQuery("where", f"There are {len(texts)} conditions; at most {MOST_CONDITIONS} are taken.")
    return tuple(map(_condition, texts))


def _condition(text: str) -> Condition:
    found = _CONDITION.fullmatch(text) if len(text) <= LONGEST_CONDITION else None
    if found is None:
        raise InvalidQuery(
            "where",
            f"'{text[:64]}' is no condition: a column, one of <, <=, >, >=, = and !=, and a number, as in "
            "learning_rate>0.01.",
        )
    name, symbol, number = found.groups()
    return Condition(name, "=" if symbol == "==" else symbol, float(number))


def order_of(text: str | None) -> Order | None:
    """The order that a query gives: a column, with - before it for the largest first."""
    return None if text is None else Order(text.removeprefix("-"), descending=text.startswith("-"))
