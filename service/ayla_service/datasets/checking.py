"""Check of an uploaded file, which is converted to the form in which it is stored."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from ayla_data.csv_file import CsvFile
from ayla_data.formats import Format, check_start
from ayla_data.limits import check_size
from ayla_data.npz_file import NpzTable, Scratch, read_npz
from ayla_data.parquet_file import ParquetFile
from ayla_data.table import Table

from ayla_service.datasets.batched import BatchedArrays, BatchedTable, Spool
from ayla_service.datasets.encoding import encode
from ayla_service.datasets.summaries import ColumnSummary, summarize

_LARGEST_CONTENT = 2 * 2**30


@dataclass(frozen=True, slots=True)
class TableSummary:
    """Summary of a table: its rows, and a summary of each column."""

    rows: int
    columns: list[ColumnSummary]


def check(kind: Format, source: IO[bytes], target: IO[bytes], *, header: bool = False) -> TableSummary:
    """Read a file to its end, summarize its columns and write it as it is stored.

    Args:
        kind: the format that its user names.
        source: the file.
        target: where it is written to; empty before.
        header: whether line 1 of a CSV is known to have the names, though all of them may be numbers.

    Raises:
        TableError: when the content is not a table of finite numbers within the limits.
        MemoryError: when reading takes more memory than a table within the limits can need.
    """
    check_start(kind, source)
    # Files without a name: nothing is left of them, whatever becomes of this process.
    with ExitStack() as files:
        table = _read(kind, source, lambda: files.enter_context(tempfile.TemporaryFile()), header=header)
        check_size(table.rows, len(table.names))
        columns = summarize(table)
        encode(table, columns, target)
        return TableSummary(table.rows, columns)


def _read(kind: Format, source: IO[bytes], scratch: Scratch, *, header: bool) -> BatchedTable:
    match kind:
        case "csv":
            return _spooled(CsvFile(source, header=header), scratch)
        case "npz":
            return BatchedArrays(NpzTable(read_npz(source, scratch, as_table=True)))
        case "parquet":
            return _spooled(ParquetFile(source, _LARGEST_CONTENT), scratch)


def _spooled(table: Table, scratch: Scratch) -> Spool:
    single = {name for name in table.names if table.is_single(name)}
    spool = Spool(table.names, table.order, scratch(), single)
    for values in table.values(table.names):
        spool.add(values)
    return spool
