"""Tables, CSV or Parquet, read batch by batch into one matrix of numbers."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from ayla_spec.datasets import FileDataset, UploadDataset

from ayla_core.datasets.columns import choose_columns
from ayla_core.datasets.dataset import Floats
from ayla_core.datasets.numbers import numbers
from ayla_core.datasets.raw import RawData
from ayla_core.datasets.sizes import check_size
from ayla_core.progress import got_on


class Table(Protocol):
    """An open file with named columns. Its methods raise DatasetError for content that cannot be read."""

    def names(self) -> list[str]:
        """Every column's name."""

    def rows(self) -> int | None:
        """Number of rows, where the file says so."""

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """``pyarrow.RecordBatch`` after batch of these columns, of text or numeric types."""


def read_table(table: Table, settings: FileDataset | UploadDataset, title: str) -> RawData:
    """The chosen columns of a table, input by input in their order.

    Args:
        table: the table.
        settings: which columns are chosen.
        title: what messages call the table.

    Raises:
        DatasetError: for missing columns, values that are not finite numbers, and tables that are empty or too large.
    """
    columns = choose_columns(settings, title, table.names())
    rows = table.rows()
    if rows is not None:
        check_size(title, rows, len(columns) - 1)
    matrix = _matrix(table.batches(columns), columns, title)
    check_size(title, len(matrix), len(columns) - 1)
    return RawData(
        matrix[:, :-1], matrix[:, -1:], None, None, lambda place: _label(columns[place]), _label(columns[-1])
    )


def _matrix(batches: Iterator[Any], columns: Sequence[str], title: str) -> Floats:
    parts = [np.empty((0, len(columns)))]
    rows = 0
    for batch in batches:
        # Refused before it is converted: the rows so far show that the whole is too large.
        check_size(title, max(1, rows + len(batch)), len(columns) - 1)
        parts.append(
            np.column_stack([numbers(batch.column(name), _label(name), rows + 1) for name in columns]),
        )
        rows += len(batch)
        got_on()
    return np.concatenate(parts)


def _label(column: str) -> str:
    return f"Column {column!r}"
