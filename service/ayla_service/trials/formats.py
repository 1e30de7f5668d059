"""Tables as bytes, piece by piece: CSV, Arrow and Parquet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ayla_service.trials.arrow_passthrough import relayed
from ayla_service.trials.series import AXES
from ayla_service.trials.spreadsheets import harmless
from ayla_service.trials.table import ResultTable

VERSION = 1
"""Of what the formats look like; a client's copy of an older one is not taken for the same."""

_CSV_ROWS = 50_000


class Format(StrEnum):
    """What a table can be sent as."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


def downloaded(form: Format, table: ResultTable) -> Iterator[bytes]:
    """A table as bytes, while it is read; see ``encoded``."""
    stored = table.stored() if form is Format.ARROW else None
    return encoded(form, table.schema, table.pieces()) if stored is None else relayed(table.schema, stored)


def encoded(form: Format, schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """A table as bytes; what one piece has become is handed out before the next is asked for.

    Args:
        form: any but JSON, which has an envelope of its own.
        schema: of the table.
        pieces: its rows.
    """
    return _ENCODERS[form](schema, pieces)


def _csv(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """A header line and one line per row; a number that is not finite is an empty field, as in JSON it is null.

    No text is a formula to a spreadsheet that opens it; numbers are as they are.
    """
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(harmless(pa.array(schema.names, pa.string())).to_pylist())
    yield header.getvalue().encode()
    options = pa.csv.WriteOptions(include_header=False)
    for piece in pieces:
        for first in range(0, piece.num_rows, _CSV_ROWS):
            columns = [_plain(column) for column in piece.slice(first, _CSV_ROWS).columns]
            sink = io.BytesIO()
            pa.csv.write_csv(pa.table(columns, names=schema.names), sink, options)
            yield sink.getvalue()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        texts = [harmless(chunk).dictionary_decode() for chunk in column.chunks]
        return pa.chunked_array(texts, column.type.value_type)
    if pa.types.is_string(column.type):
        return pa.chunked_array([harmless(chunk) for chunk in column.chunks], column.type)
    if not pa.types.is_floating(column.type):
        return column
    finite = pc.is_finite(column)
    return column if pc.all(finite).as_py() else pc.if_else(finite, column, pa.scalar(None, column.type))


def _arrow(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """An IPC stream; each piece is a record batch."""
    outbox = _Outbox()
    with pa.ipc.new_stream(outbox, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for piece in pieces:
            writer.write_table(piece)
            yield outbox.take()
    yield outbox.take()


def _parquet(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """A file; each piece is a row group. Measured numbers hardly repeat, so that only the others get dictionaries."""
    repeating = [field.name for field in schema if not pa.types.is_floating(field.type) and field.name not in AXES]
    outbox = _Outbox()
    with pq.ParquetWriter(outbox, schema, compression="zstd", use_dictionary=repeating) as writer:
        for piece in pieces:
            writer.write_table(piece)
            yield outbox.take()
    yield outbox.take()


_ENCODERS: Mapping[Format, Callable[[pa.Schema, Iterable[pa.Table]], Iterator[bytes]]] = {
    Format.CSV: _csv,
    Format.ARROW: _arrow,
    Format.PARQUET: _parquet,
}


class _Outbox:
    """A file to write to, which is emptied meanwhile."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written stays to be taken."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data
