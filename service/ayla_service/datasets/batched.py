"""Batched tables: tables on disk whose rows can be read as often as needed, in batches."""

from collections.abc import Collection, Iterator, Sequence
from typing import IO, Literal, Protocol

import numpy as np
from ayla_data.limits import rows_at_once
from ayla_data.npz_file import NpzTable
from ayla_data.table import Floats


class BatchedTable(Protocol):
    """Columns of finite numbers."""

    @property
    def names(self) -> Sequence[str]:
        """Of the columns."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def single(self) -> Collection[str]:
        """Names of the columns that were stored as float32."""

    def batches(self) -> Iterator[Floats]:
        """All rows in order, some at a time: float64 of shape [some, columns], columns contiguous. Can be repeated."""


class BatchedArrays:
    """Arrays of an NPZ file that lie unpacked on disk, read from there; a copy would take as much room again.

    Args:
        table: the arrays as columns.
    """

    def __init__(self, table: NpzTable) -> None:
        self.names, self.rows = table.names, table.rows
        self.single: Collection[str] = {name for name in table.names if table.is_single(name)}
        self._table = table

    def batches(self) -> Iterator[Floats]:
        """All rows, as ``BatchedTable`` says."""
        return map(np.asfortranarray, self._table.values(self.names))


class Spool:
    """A table that is written once and then read as often as needed.

    Args:
        names: of the columns.
        order: in which the values are added: row by row (C) or column by column (F).
        file: where they are kept; empty.
        single: names of the columns that were stored as float32; default: none.
    """

    def __init__(
        self, names: Sequence[str], order: Literal["C", "F"], file: IO[bytes], single: Collection[str] = ()
    ) -> None:
        self.names, self.single = names, single
        self._order: Literal["C", "F"] = order
        self._values = 0
        self._file = file

    @property
    def rows(self) -> int:
        """How many rows there are, once all columns have as many."""
        return self._values // len(self.names)

    def add(self, values: Floats) -> None:
        """Add the next values in the spool's order."""
        self._file.write(np.ascontiguousarray(values).data)
        self._values += values.size

    def batches(self) -> Iterator[Floats]:
        """All rows, as ``BatchedTable`` says."""
        self._file.flush()
        # Only what is looked at is read, and the system takes the memory back when it is short.
        all_rows = np.memmap(self._file, np.float64, "r", 0, (self.rows, len(self.names)), self._order)
        step = rows_at_once(len(self.names))
        for first in range(0, self.rows, step):
            yield np.asfortranarray(all_rows[first : first + step])
