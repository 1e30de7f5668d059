"""A trial's chunks as one Arrow stream without decoding them: what is stored are the messages of such a stream."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from ayla_service.trials.encoding import decode, encode_table
from ayla_service.trials.step_rows import conformed, joined

_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end of an IPC stream."""

_SMALL = 16 * 1024
"""Bytes of a chunk; many that are smaller are put together, as a reader has some work with each."""


def relayed(schema: pa.Schema, pages: Iterator[list[bytes]]) -> Iterator[bytes]:
    """One stream of all chunks.

    Args:
        schema: of the stream; a chunk of another one is made to fit.
        pages: the chunks in order, some at a time.
    """
    head = schema.serialize().to_pybytes()
    yield head
    for page in pages:
        fits = sum(map(len, page)) >= _SMALL * len(page) and all(_is_framed(chunk, head) for chunk in page)
        chunks = page if fits else [_together(page, schema)]
        yield b"".join(memoryview(chunk)[len(head) : -len(_END)] for chunk in chunks)
    yield _END


def _is_framed(chunk: bytes, head: bytes) -> bool:
    return chunk.startswith(head) and chunk.endswith(_END)


def _together(page: Sequence[bytes], schema: pa.Schema) -> bytes:
    table = conformed(joined([decode(chunk) for chunk in page]), schema)
    return encode_table(table.combine_chunks())
