"""Tables whose rows can be gone through as often as needed, some at a time."""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import numpy as np
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
    """Arrays that lie unpacked on a disk; to write their numbers down once more would take as much room again.

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
