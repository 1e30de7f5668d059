"""Parquet, read column by column: a column fits into memory, whatever its pages say."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ayla_data.errors import TableError, column, is_lack_of_room, reason
from ayla_data.limits import MAX_COLUMNS, check_size
from ayla_data.names import check_names
from ayla_data.table import Floats
from ayla_data.values import Place, from_arrow

_MAGIC = b"PAR1"
_LARGEST_FOOTER = 32 * 2**20
_MOST_ROW_GROUPS = 10_000
_ROWS_AT_ONCE = 2**16
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


class ParquetFile:
    """A Parquet file. Columns that are read are flat, of integers, floats, decimals or booleans, none of them null.

    Row labels that pandas stores beside the data are no columns.

    Args:
        file: the file.
        most_bytes: how large its content may be once it is unpacked; default: of any size.

    Raises:
        TableError: when it is damaged, or the names of its columns cannot be used.
    """

    order: Literal["F"] = "F"

    def __init__(self, file: IO[bytes], most_bytes: int | None = None) -> None:
        _check_footer(file)
        with _table_errors():
            self._file = pq.ParquetFile(
                file, thrift_string_size_limit=_LARGEST_FOOTER, thrift_container_size_limit=2**18
            )
            self._schema = self._file.schema_arrow
            _check_groups(self._file.metadata, most_bytes)
            self.names: Sequence[str] = [str(name) for name in self._schema.names if not _PANDAS_INDEX.fullmatch(name)]
        self.rows = int(self._file.metadata.num_rows)
        check_names(self.names)

    def is_single(self, name: str) -> bool:
        """As of ``Table``."""
        return bool(self._schema.field(name).type == pa.float32())

    def values(self, columns: Sequence[str]) -> Iterator[Floats]:
        """As of ``Table``."""
        check_size(self.rows, len(columns))
        for name in columns:
            _check_type(name, self._schema.field(name).type)
        for name in columns:
            with _table_errors():
                yield from self._column(name)

    def _column(self, name: str) -> Iterator[Floats]:
        rows, label = 0, column(name)
        for batch in self._file.iter_batches(_ROWS_AT_ONCE, columns=[name], use_threads=False):
            if rows + len(batch) > self.rows:
                break
            yield from_arrow(batch.column(name), _places(label, rows))
            rows += len(batch)
        if rows != self.rows:
            raise TableError(f"The file is damaged: {label} has another number of rows than the file says.")


def _places(label: str, rows_before: int) -> Place:
    return lambda index: (label, rows_before + index + 1)


@contextmanager
def _table_errors() -> Iterator[None]:
    """What the library says of a file that it cannot read, as our error."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError) or is_lack_of_room(error):
            raise
        raise TableError(f"The file cannot be read as Parquet: {reason(error)}.") from error


def _check_footer(file: IO[bytes]) -> None:
    """Refuse metadata that would take much more memory than those of a table within the limits."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read(8)
    if len(end) < 8 or end[4:] != _MAGIC:
        raise TableError("The file is cut off: Parquet ends in its metadata, and they are missing.")
    if int.from_bytes(end[:4], "little") > min(_LARGEST_FOOTER, size - 12):
        raise TableError("The metadata of the file are damaged, or too long: use fewer row groups.")


def _check_groups(metadata: pq.FileMetaData, most_bytes: int | None) -> None:
    """Refuse what the metadata tell to be beyond the limits."""
    if metadata.num_columns > MAX_COLUMNS + 1 or metadata.num_row_groups > _MOST_ROW_GROUPS:
        raise TableError(f"The file has more than {MAX_COLUMNS} columns or {_MOST_ROW_GROUPS} row groups; use fewer.")
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        raise TableError("The file is damaged: its row groups do not have as many rows as the file.")
    if most_bytes is not None and sum(group.total_byte_size for group in groups) > most_bytes:
        raise TableError(f"Unpacked the file would have more than {most_bytes} bytes; make it smaller.")


def _check_type(name: str, kind: pa.DataType) -> None:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    if not any(test(kind) for test in tests):
        raise TableError(
            f"{column(name)} is of type {str(kind)[:60]}; columns must be of numbers or booleans. Leave it out, or "
            "store it as numbers."
        )
