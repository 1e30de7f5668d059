"""A table in a file, whatever its format is."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ayla_data.limits import check_size

Floats = npt.NDArray[np.float64]


class Table(Protocol):
    """An open file with named columns of numbers. Its names were checked, and its size where the file says it."""

    @property
    def names(self) -> Sequence[str]:
        """Of the columns."""

    @property
    def order(self) -> Literal["C", "F"]:
        """How values are handed out: row by row (C) or column by column (F)."""

    @property
    def rows(self) -> int:
        """How many there are; 0 where the file does not say it, and the order is C."""

    def is_single(self, name: str) -> bool:
        """Whether a column was stored as float32, so that its values were rounded to seven digits."""

    def values(self, columns: Sequence[str]) -> Iterator[Floats]:
        """The values of these columns, some at a time.

        Args:
            columns: in the order in which they are wanted.

        Yields:
            Finite float64 of shape [some, columns] where the order is C, and of shape [some], column after column,
            where it is F.

        Raises:
            TableError: when a value is no finite number, or the file is damaged or too large.
        """


def matrix(table: Table, columns: Sequence[str]) -> Floats:
    """The chosen columns in memory, shape [rows, columns], rows contiguous.

    Raises:
        TableError: as of ``Table.values``, and when there are fewer than two rows.
    """
    # In the order of the table, so that of several faults the same one is reported whichever columns come first.
    places = {name: place for place, name in enumerate(table.names)}
    ordered = sorted(columns, key=places.__getitem__)
    whole = _rows(table, ordered) if table.order == "C" else _columns(table, ordered)
    if ordered == list(columns):
        return whole
    place_of = {name: place for place, name in enumerate(ordered)}
    return np.ascontiguousarray(whole[:, [place_of[name] for name in columns]])


def _rows(table: Table, columns: Sequence[str]) -> Floats:
    whole = np.concatenate([np.empty((0, len(columns))), *table.values(columns)])
    check_size(len(whole), len(columns))
    return whole


def _columns(table: Table, columns: Sequence[str]) -> Floats:
    check_size(table.rows, len(columns))
    whole, filled = np.empty((table.rows, len(columns))), 0
    for values in table.values(columns):
        place, row = divmod(filled, table.rows)
        whole[row : row + len(values), place] = values
        filled += len(values)
    return whole
