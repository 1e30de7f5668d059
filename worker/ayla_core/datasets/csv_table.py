"""CSV with a header line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from ayla_core.datasets.errors import DatasetError

_BLOCK_BYTES = 4 * 2**20  # a row has to fit in


class CsvTable:
    """A CSV file in UTF-8: values between commas, a header line, names and values quoted where they need it.

    Every column is handed out as text. Guessed types would change from block to block and lose what a value said.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Every column's name, from the header.

        Raises:
            DatasetError: when there is no header that can be read.
        """
        try:
            with self._reader(arrow_csv.ConvertOptions()) as reader:
                return [str(name) for name in reader.schema.names]
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def rows(self) -> None:
        """Unknown before the end."""
        return

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of these columns as text.

        Raises:
            DatasetError: when a row has another number of values than the header, or the text is not UTF-8.
        """
        options = arrow_csv.ConvertOptions(
            include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
        )
        try:
            with self._reader(options) as reader:
                yield from reader
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from error

    def _reader(self, convert_options: Any) -> Any:
        # Threads would decide which of two faults is reported.
        read_options = arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False)
        return arrow_csv.open_csv(self._path, read_options=read_options, convert_options=convert_options)

    def _unreadable(self, error: Exception) -> DatasetError:
        return DatasetError(f"{self._path.name} cannot be read as CSV with a header line: {error}")
