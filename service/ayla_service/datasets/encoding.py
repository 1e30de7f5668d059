"""Encoding of a stored dataset: Parquet with columns of int64, float64 and float32, compressed with zstd."""

from collections.abc import Collection, Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
from ayla_data.table import Floats

from ayla_service.datasets.batched import BatchedTable
from ayla_service.datasets.summaries import ColumnSummary

PREVIEW_ROWS = 100
"""Rows of the first row group, which is all that has to be read to show what a dataset looks like."""


def encode(table: BatchedTable, columns: Sequence[ColumnSummary], target: IO[bytes]) -> None:
    """Write a table: integers as int64, and float32 as float32, which shows the precision of the numbers."""
    fields = [pa.field(column.name, _type(column, table.single), nullable=False) for column in columns]
    schema = pa.schema(fields)
    # Neither would be read: no dataset is searched, and zstd finds repetitions by itself.
    with pq.ParquetWriter(target, schema, compression="zstd", use_dictionary=False, write_statistics=False) as writer:
        for block in _row_groups(table):
            writer.write_table(_arrow(block, schema), row_group_size=len(block))


def _type(column: ColumnSummary, single: Collection[str]) -> pa.DataType:
    if column.kind == "integer":
        return pa.int64()
    return pa.float32() if column.name in single else pa.float64()


def _row_groups(table: BatchedTable) -> Iterator[Floats]:
    for number, batch in enumerate(table.batches()):
        if number == 0 and len(batch) > PREVIEW_ROWS:
            yield batch[:PREVIEW_ROWS]
            yield batch[PREVIEW_ROWS:]
        else:
            yield batch


def _arrow(block: Floats, schema: pa.Schema) -> pa.Table:
    columns = [block[:, place].astype(field.type.to_pandas_dtype(), copy=False) for place, field in enumerate(schema)]
    return pa.Table.from_arrays([pa.array(values) for values in columns], schema=schema)
