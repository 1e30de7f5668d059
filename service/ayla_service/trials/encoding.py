"""Encoding of chunks: columns as one Arrow IPC stream, compressed where it is large."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")
_PLAIN = pa.ipc.IpcWriteOptions()
_WORTH_COMPRESSING = 32 * 1024
"""Bytes; smaller tables hardly shrink, and compressing them takes eight times as long as all the rest."""

_WORTH_THREADS = 1024 * 1024
"""Bytes; a smaller table is decoded before threads have been woken for it."""


def encode(columns: Mapping[str, Any]) -> bytes:
    """Encode equally long columns (NumPy arrays or lists); the dtype of each is kept."""
    return encode_table(pa.table({name: pa.array(values) for name, values in columns.items()}))


def encode_table(table: pa.Table) -> bytes:
    """As ``encode``; of a table in several pieces each is a record batch."""
    options = _COMPRESSED if table.nbytes >= _WORTH_COMPRESSING else _PLAIN
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def decode(data: bytes, columns: Collection[str] | None = None) -> pa.Table:
    """The table of a chunk that ``encode`` has made.

    Args:
        data: what ``encode`` made.
        columns: the columns that are needed, as far as they are there; the others are not decompressed. None for all.
    """
    threads = len(data) >= _WORTH_THREADS
    if columns is None:
        options = pa.ipc.IpcReadOptions(use_threads=threads)
    else:
        names = schema_of(data).names
        places = [place for place, name in enumerate(names) if name in columns]
        options = pa.ipc.IpcReadOptions(use_threads=threads, included_fields=places)
    with pa.ipc.open_stream(data, options=options) as reader:
        return reader.read_all()


def schema_of(head: bytes) -> pa.Schema:
    """The schema at the beginning of what ``encode`` made."""
    return pa.ipc.open_stream(head).schema


def numbers_in(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column of numbers, none of them missing, as an array of the same type.

    Arrow's own conversion imports pandas wherever that is installed, which takes half a second.
    """
    kind = np.dtype(f"{'f' if pa.types.is_floating(column.type) else 'i'}{column.type.bit_width // 8}")
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype=kind)[chunk.offset : chunk.offset + len(chunk)]
        for chunk in column.chunks
        if len(chunk)
    ]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([np.empty(0, dtype=kind), *parts])
