"""Numbers on disk instead of in memory."""

from collections.abc import Collection, Iterator, Sequence
from typing import IO, Literal

import numpy as np
from ayla_data.limits import rows_at_once
from ayla_data.table import Floats


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
