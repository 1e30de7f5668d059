"""Formats of tables: CSV, Arrow and Parquet as bytes, piece by piece."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ayla_service.trials.encoding import decode, encode_table
from ayla_service.trials.series import AXES
from ayla_service.trials.step_rows import conformed, joined

VERSION = 1
"""Of what the formats look like; a client's copy of an older one is not taken for the same."""

_CSV_ROWS = 50_000

# What OWASP lists under "CSV injection": = + - @, tab and line ends, and the wide forms that some spreadsheets take for
# them; blanks and quotation marks before a sign are passed over, as some spreadsheets do. Where decimals have a comma,
# spreadsheets end a cell at each semicolon, and what comes after it is a cell of its own.
_FORMULA = r"""(^|;)([\t\r\n]|[\s\pZ"']*[=+\-@＝＋－＠])"""

_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The last bytes of an Arrow IPC stream."""

_SMALL_CHUNK = 16 * 1024
"""Bytes of a chunk; many that are smaller are put together, as a reader has some work with each."""


class Format(StrEnum):
    """Format in which a table is sent."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


class ReadTable(Protocol):
    """A table whose rows are read while they are sent."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""

    def pieces(self) -> Iterator[pa.Table]:
        """The rows, some at a time."""

    def stored(self) -> Iterator[list[bytes]] | None:
        """The chunks as they are, some at a time, if together they are the table; None if anything has to be done."""


def downloaded(form: Format, table: ReadTable) -> Iterator[bytes]:
    """A table as bytes, while it is read; see ``encoded``."""
    stored = table.stored() if form is Format.ARROW else None
    return encoded(form, table.schema, table.pieces()) if stored is None else pass_through(table.schema, stored)


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
    csv.writer(header, lineterminator="\n").writerow(escape_formulas(pa.array(schema.names, pa.string())).to_pylist())
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
        texts = [escape_formulas(chunk).dictionary_decode() for chunk in column.chunks]
        return pa.chunked_array(texts, column.type.value_type)
    if pa.types.is_string(column.type):
        return pa.chunked_array([escape_formulas(chunk) for chunk in column.chunks], column.type)
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
    """A file in memory to write to, which is emptied between the pieces."""

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
        """Bytes written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def escape_formulas(texts: pa.Array) -> pa.Array:
    """The same texts, with an apostrophe before each that a spreadsheet could take for a formula.

    So it is with what follows a semicolon. What begins with apostrophes and a sign gets one more, so that taking one
    away gives the text back.

    Args:
        texts: strings, or a dictionary of strings; null stays null.
    """
    if pa.types.is_dictionary(texts.type):
        return pa.DictionaryArray.from_arrays(texts.indices, escape_formulas(texts.dictionary))
    return pc.replace_substring_regex(texts, _FORMULA, r"\1'\2")


def pass_through(schema: pa.Schema, pages: Iterator[list[bytes]]) -> Iterator[bytes]:
    """A trial's chunks as one Arrow stream without decoding them: what is stored are the messages of such a stream.

    Args:
        schema: of the stream; a chunk of another one is made to fit.
        pages: the chunks in order, some at a time.
    """
    head = schema.serialize().to_pybytes()
    yield head
    for page in pages:
        fits = sum(map(len, page)) >= _SMALL_CHUNK * len(page) and all(_is_framed(chunk, head) for chunk in page)
        chunks = page if fits else [_together(page, schema)]
        yield b"".join(memoryview(chunk)[len(head) : -len(_END_OF_STREAM)] for chunk in chunks)
    yield _END_OF_STREAM


def _is_framed(chunk: bytes, head: bytes) -> bool:
    return chunk.startswith(head) and chunk.endswith(_END_OF_STREAM)


def _together(page: Sequence[bytes], schema: pa.Schema) -> bytes:
    table = conformed(joined([decode(chunk) for chunk in page]), schema)
    return encode_table(table.combine_chunks())
