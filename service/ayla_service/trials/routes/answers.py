"""Responses with tables of results: the format wanted, 304 if the client has it already, and the bytes while read.

As long as a large table is computed and sent it holds a slot of its team.
"""

import hashlib
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import chain
from typing import Annotated, Any

import numpy as np
import orjson
import pyarrow as pa
from fastapi import Depends, Header, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ayla_service.http.etags import not_modified, private_headers
from ayla_service.http.negotiation import preferred
from ayla_service.team_slots import TeamSlots
from ayla_service.trials.formats import VERSION, Format, ReadTable, downloaded
from ayla_service.trials.snapshot import TrialsSnapshot

MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.PARQUET: "application/vnd.apache.parquet",
}

_EXTENSIONS = {Format.CSV: "csv", Format.ARROW: "arrows", Format.PARQUET: "parquet"}

_AT_ONCE = 4 * 1024 * 1024
"""Bytes; a smaller answer is sent in one piece, with its length."""

_JSON_ROWS = 100_000

_FINAL_SECONDS = 3600
"""How long a client need not ask again for what never changes; it may still be deleted."""

_MAX_NAME = 40


def requested_format(
    wanted: Annotated[
        Format | None, Query(alias="format", description="The form of the answer; goes before the Accept header.")
    ] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Format:
    """The form that the client wants.

    Raises:
        HTTPException: 406, if there is none that it accepts.
    """
    return preferred(wanted, accept, MEDIA_TYPES)


WantedFormat = Annotated[Format, Depends(requested_format)]


class _Pieces(StreamingResponse):
    """Bytes that are sent while the others are computed, which ends with it, whatever becomes of it.

    Args:
        first: what has been computed.
        others: what follows.
        headers: of the response.
        media_type: of the bytes.
    """

    def __init__(
        self, first: Iterable[bytes], others: Generator[bytes], headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__(chain(first, others), headers=headers, media_type=media_type)
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._others.close()


class TableResponse:
    """Makes the response to one request for a table.

    Args:
        request: what was asked.
        form: the wanted form.
        snapshot: the trials that it is about.
        what: the last part of a file's name.
    """

    def __init__(self, request: Request, form: Format, snapshot: TrialsSnapshot, what: str) -> None:
        self._request = request
        self._form = form
        self._what = what
        self._snapshot = snapshot
        self._tag = _tag(snapshot.version, form, request.url.query)

    def of(self, whole: Callable[[], pa.Table], pieces: Callable[[], ReadTable], **envelope: str) -> Response:
        """The table, or 304 if the client has it.

        Args:
            whole: reads all rows: for JSON, whose columns come one after the other.
            pieces: reads the rows piece by piece, for the other forms.
            envelope: what a JSON document says before the columns.

        Raises:
            TeamBusy: if it is large, and the team has as many large answers computed as it may have.
            ServiceError: what ``whole`` and ``pieces`` raise.
        """
        if not_modified(self._request, f'"{self._tag}"'):
            return Response(status_code=304, headers=self._headers())
        if self._form is Format.JSON:
            return self._sent(self._computed(lambda: json_pieces(whole(), envelope)))
        return self._sent(self._computed(lambda: downloaded(self._form, pieces())))

    def _computed(self, table: Callable[[], Iterator[bytes]]) -> Generator[bytes]:
        """The bytes of the table; nothing of it is read before they are asked for."""
        slots: TeamSlots = self._request.app.state.team_slots
        with slots.slot(self._snapshot.team_id) if self._snapshot.is_large else nullcontext():
            yield from table()

    def _sent(self, pieces: Generator[bytes]) -> Response:
        first = _up_to(pieces, _AT_ONCE)
        headers, media_type = self._headers(), MEDIA_TYPES[self._form]
        if self._form in _EXTENSIONS:
            headers["Content-Disposition"] = f'attachment; filename="{self._file_name()}"'
        if sum(map(len, first)) < _AT_ONCE:
            return Response(b"".join(first), headers=headers, media_type=media_type)
        if getattr(self._request.state, "is_head", False):
            pieces.close()
        return _Pieces(first, pieces, headers, media_type)

    def _headers(self) -> dict[str, str]:
        fresh = f"max-age={_FINAL_SECONDS}" if self._snapshot.is_final else "no-cache"
        # Weak: two reads of the same rows may be cut into pieces differently.
        return private_headers(f'W/"{self._tag}"', fresh)

    def _file_name(self) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", (self._snapshot.job_name or "job").lower())[:_MAX_NAME].strip("-")
        return f"{name or 'job'}-{self._snapshot.job_id[:8]}-{self._what}.{_EXTENSIONS[self._form]}"


def json_pieces(table: pa.Table, envelope: Mapping[str, str]) -> Iterator[bytes]:
    """A document with the columns one after the other; null for what is not finite."""
    yield orjson.dumps({**envelope, "rows": table.num_rows})[:-1] + b',"columns":{'
    for place, name in enumerate(table.column_names):
        opening = (b"," if place else b"") + orjson.dumps(name) + b":["
        for values in _values(table[name]):
            yield opening + values
            opening = b","
        yield b"]" if len(table) else opening + b"]"
    yield b"}}"


def _values(column: pa.ChunkedArray) -> Iterator[bytes]:
    for first in range(0, len(column), _JSON_ROWS):
        values = orjson.dumps(_plain(column.slice(first, _JSON_ROWS)), option=orjson.OPT_SERIALIZE_NUMPY)
        yield values[1:-1]


def _plain(column: pa.ChunkedArray) -> np.ndarray | list[Any]:
    """Values for the encoder: numbers as they lie in memory, if none is missing or NaN can stand for it."""
    kind = column.type
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and not column.null_count):
        return np.ascontiguousarray(column.to_numpy())
    values: list[Any] = column.to_pylist()
    return values


def _up_to(pieces: Iterable[bytes], size: int) -> list[bytes]:
    """The first pieces, until they are that large or all there are."""
    taken, length = [], 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length >= size:
            break
    return taken


def _tag(version: str, form: Format, query: str) -> str:
    return hashlib.sha256(f"{VERSION}\n{version}\n{form}\n{query}".encode()).hexdigest()[:32]
