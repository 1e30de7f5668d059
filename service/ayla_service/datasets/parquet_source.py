"""Parquet, read column by column: a column fits into memory, whatever its pages say."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ayla_service.datasets.bounds import MAX_COLUMNS, check_names, check_size
from ayla_service.datasets.faults import Unusable, is_lack_of_room, not_finite, reason, shown
from ayla_service.datasets.spool import Scratch, Spool

MAGIC = b"PAR1"

_LARGEST_FOOTER = 32 * 2**20
_LARGEST_CONTENT = 2 * 2**30
_MOST_ROW_GROUPS = 10_000
_ROWS_AT_ONCE = 2**16
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(file: IO[bytes], scratch: Scratch) -> Spool:
    """The numbers of a Parquet file: flat columns of integers, floats, decimals or booleans, none of them null.

    Row labels that pandas stores beside the data are left out.

    Args:
        file: the upload.
        scratch: makes a file for the numbers.

    Raises:
        Unusable: when it is not that; names the column, and for a value the row.
    """
    _check_footer(file)
    with _told():
        parquet = pq.ParquetFile(file, thrift_string_size_limit=_LARGEST_FOOTER, thrift_container_size_limit=2**18)
        names = _checked_names(parquet)
        spool = Spool(names, "F", scratch())
        for name in names:
            _add_column(parquet, name, spool)
    return spool


@contextmanager
def _told() -> Iterator[None]:
    """What the library says of a file that it cannot read, as our error."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError) or is_lack_of_room(error):
            raise
        raise Unusable(f"The file cannot be read as Parquet: {reason(error)}.") from error


def _check_footer(file: IO[bytes]) -> None:
    """Refuse metadata that would take much more memory than those of a table within the limits."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read(8)
    if len(end) < 8 or end[4:] != MAGIC:
        raise Unusable("The file is cut off: Parquet ends in its metadata, and they are missing.")
    if int.from_bytes(end[:4], "little") > min(_LARGEST_FOOTER, size - 12):
        raise Unusable("The metadata of the file are damaged, or too long: use fewer row groups.")


def _checked_names(parquet: pq.ParquetFile) -> list[str]:
    """The columns, after everything that the metadata tell was found to be within the limits."""
    metadata, schema = parquet.metadata, parquet.schema_arrow
    if metadata.num_columns > MAX_COLUMNS + 1 or metadata.num_row_groups > _MOST_ROW_GROUPS:
        raise Unusable(f"The file has more than {MAX_COLUMNS} columns or {_MOST_ROW_GROUPS} row groups; use fewer.")
    names = [str(name) for name in schema.names if not _PANDAS_INDEX.fullmatch(name)]
    check_names(names)
    check_size(metadata.num_rows, len(names))
    for name in names:
        _check_type(name, schema.field(name).type)
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        raise Unusable("The file is damaged: its row groups do not have as many rows as the file.")
    if sum(group.total_byte_size for group in groups) > _LARGEST_CONTENT:
        raise Unusable(f"Unpacked the file would have more than {_LARGEST_CONTENT} bytes; make it smaller.")
    return names


def _check_type(name: str, kind: pa.DataType) -> None:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    if not any(test(kind) for test in tests):
        raise Unusable(
            f"Column {shown(name)} is of type {str(kind)[:60]}; every column must be of numbers or booleans. Leave it "
            "out or store it as numbers."
        )


def _add_column(parquet: pq.ParquetFile, name: str, spool: Spool) -> None:
    rows, expected = 0, parquet.metadata.num_rows
    for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=[name], use_threads=False):
        column = batch.column(name)
        if column.null_count:
            place = column.is_null().to_pylist().index(True)
            raise not_finite(name, rows + place + 1, "empty")
        # Unsafe casts round integers above 2^53, as float64 does everywhere else; safe ones refuse them.
        spool.add(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        rows += len(batch)
        if rows > expected:
            break
    if rows != expected:
        raise Unusable(f"The file is damaged: column {shown(name)} has another number of rows than the file says.")
