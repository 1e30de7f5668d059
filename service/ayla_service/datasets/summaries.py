"""Summaries of columns: kind, range, mean, standard deviation, number of distinct values."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
import numpy.typing as npt
from ayla_data.table import Floats
from ayla_data.values import EXACT

from ayla_service.datasets.batched import BatchedTable

MOST_DISTINCT = 1000
"""Most distinct values that are counted; as many classes as a target may have."""

_EXACT_SINGLE = 2**23
"""From here on every float32 is a whole number, so that being one says nothing."""

_FIRST = 4096
"""Rows that tell of most columns that they have too many different values to be counted."""


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """Summary of the numbers of a column; the process that checks a file makes it, without pydantic.

    Attributes:
        name: its name.
        kind: integer where every value is a whole number, below 2^53 in size; below 2^23 if it was stored as float32.
        min: lowest value.
        max: highest value.
        mean: over all rows; None where it is beyond what a float can hold.
        std: standard deviation over all rows; None likewise.
        distinct: how many different values there are; None if more than ``MOST_DISTINCT``.
        classes: k where the values are the classes 0, 1, ..., k-1, each of them there; else None.
    """

    name: str
    kind: Literal["integer", "number"]
    min: float
    max: float
    mean: float | None
    std: float | None
    distinct: int | None
    classes: int | None


def summarize(table: BatchedTable) -> list[ColumnSummary]:
    """Summaries of all columns of a table, which has at least one row."""
    running = _RunningSummary([_EXACT_SINGLE if name in table.single else EXACT for name in table.names])
    for batch in table.batches():
        running.add(batch)
    return running.columns(table.names)


class _RunningSummary:
    """Summaries of all columns over the rows so far."""

    def __init__(self, exact: Sequence[float]) -> None:
        columns = len(exact)
        self._exact = np.array(exact, np.float64)
        self.rows = 0
        self._min, self._max = np.full(columns, np.inf), np.full(columns, -np.inf)
        self._mean, self._squares = np.zeros(columns), np.zeros(columns)
        self._is_whole = np.full(columns, fill_value=True)
        self._distinct: list[Floats | None] = [np.empty(0)] * columns

    def add(self, batch: Floats) -> None:
        self._min = np.minimum(self._min, batch.min(axis=0))
        self._max = np.maximum(self._max, batch.max(axis=0))
        self._is_whole &= ((batch == np.floor(batch)) & (np.abs(batch) < self._exact)).all(axis=0)
        with np.errstate(all="ignore"):
            self._add_moments(batch)
        for place, known in enumerate(self._distinct):
            if known is not None:
                self._distinct[place] = _more_distinct(known, batch[:, place])

    def _add_moments(self, batch: Floats) -> None:
        """Chan, Golub and LeVeque: mean and sum of squared deviations of both parts together."""
        rows = self.rows + len(batch)
        mean = batch.mean(axis=0)
        delta = mean - self._mean
        self._mean += delta * len(batch) / rows
        self._squares += ((batch - mean) ** 2).sum(axis=0) + delta**2 * self.rows * len(batch) / rows
        self.rows = rows

    def columns(self, names: Sequence[str]) -> list[ColumnSummary]:
        deviations = np.sqrt(self._squares / self.rows)
        return [self._column(place, name, deviations) for place, name in enumerate(names)]

    def _column(self, place: int, name: str, deviations: Floats) -> ColumnSummary:
        values, is_whole = self._distinct[place], bool(self._is_whole[place])
        return ColumnSummary(
            name=name,
            kind="integer" if is_whole else "number",
            min=float(self._min[place]),
            max=float(self._max[place]),
            mean=_if_finite(self._mean[place]),
            std=_if_finite(deviations[place]),
            distinct=None if values is None else len(values),
            classes=_classes(values) if is_whole else None,
        )


def _more_distinct(known: Floats, values: Floats) -> Floats | None:
    for part in (values[:_FIRST], values[_FIRST:]):
        known = np.union1d(known, part) if len(part) else known
        if len(known) > MOST_DISTINCT:
            return None
    return known


def _classes(values: Floats | None) -> int | None:
    """How many classes these are, sorted as they are; None if they are none, or only one."""
    if values is None or len(values) < 2 or values[0] != 0 or values[-1] != len(values) - 1:
        return None
    return len(values)


def _if_finite(value: npt.ArrayLike) -> float | None:
    number = float(np.asarray(value))
    return number if isfinite(number) else None
