"""Parquet."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ayla_core.datasets.errors import DatasetError

_BATCH_VALUES = 2**20
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


class ParquetTable:
    """A Parquet file; it is closed with the object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def names(self) -> list[str]:
        """Every column's name, less the row labels that pandas stores beside the data."""
        return [str(name) for name in self._file.schema_arrow.names if not _PANDAS_INDEX.fullmatch(name)]

    def rows(self) -> int:
        """Number of rows, from the file's metadata."""
        return int(self._file.metadata.num_rows)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of these columns.

        Raises:
            DatasetError: when a column is not numeric or the file is damaged.
        """
        for name in columns:
            self._check_type(name)
        size = max(1, _BATCH_VALUES // len(columns))
        try:
            yield from self._file.iter_batches(size, columns=list(columns), use_threads=False)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def _check_type(self, name: str) -> None:
        kind = self._file.schema_arrow.field(name).type
        tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
        if not any(test(kind) for test in tests):
            raise DatasetError(
                f"Column {name!r} of {self._path.name} is of type {kind}; inputs and target must be numbers "
                "or booleans. Choose other columns or store it as numbers."
            )

    def _unreadable(self, error: Exception) -> DatasetError:
        return DatasetError(f"{self._path.name} cannot be read as Parquet: {error}")
