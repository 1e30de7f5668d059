"""Receiver of uploads: a file is streamed to disk, checked in a subprocess and stored, and never in memory as a whole.

It has no name on disk, so nothing is left of it, however its request ends.
"""

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import IO

import anyio
from anyio.to_thread import run_sync
from ayla_data.errors import is_lack_of_room
from sqlalchemy.orm import Session
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ayla_service.datasets.checking import TableSummary
from ayla_service.datasets.service import DatasetService, NewDataset, UploadMetadata
from ayla_service.datasets.subprocess_check import check_in_subprocess
from ayla_service.db.session import Database
from ayla_service.errors import NotAFile, UploadCutOff, UploadStalled, UploadsUnavailable
from ayla_service.http.authorization import require_scope
from ayla_service.http.idempotency import Answer, IdempotentUnit
from ayla_service.idempotency import RequestKey, request_digest
from ayla_service.settings import Settings
from ayla_service.teams.keys import reauthenticated
from ayla_service.teams.principal import Principal, Scope

MEDIA_TYPES = (
    "text/csv",
    "application/csv",
    "application/vnd.apache.parquet",
    "application/x-npz",
    "application/zip",
    "application/octet-stream",
)
"""Media types of uploads. None of them is among those that a page of another site can send without a preflight."""

CHECKS_AT_ONCE = 2
"""Checks that run at once; each may take ``subprocess_main.MEMORY_BYTES``."""

_MOST_AT_ONCE, _MOST_OF_A_TEAM = 16, 4
_SILENCE_SECONDS = 60.0
_WHOLE_SECONDS = 1800.0
_PIECE_BYTES = 2**20

Check = Callable[..., TableSummary]
"""As ``check_in_subprocess``."""


def body_limits(settings: Settings) -> Mapping[tuple[str, str], int]:
    """Limits of bodies that differ from the general one, by method and path."""
    return {("POST", "/v1/datasets"): settings.max_upload_bytes}


class UploadReceiver:
    """Receives uploads, of which the number, the bytes together and the checks at once are limited.

    Args:
        database: the store.
        datasets: stores them.
        check: checks and encodes a file.
        most_bytes: of all uploads at once.
    """

    def __init__(
        self, database: Database, datasets: DatasetService, check: Check = check_in_subprocess, most_bytes: int = 2**30
    ) -> None:
        self._database = database
        self._datasets = datasets
        self._check = check
        self._bytes = _ByteLimit(most_bytes)
        self._checks = anyio.CapacityLimiter(CHECKS_AT_ONCE)
        self._under_way: Counter[str] = Counter()

    async def receive(
        self, request: Request, caller: Principal, metadata: UploadMetadata, key: str | None, *, header: bool = False
    ) -> Response:
        """Receive the body of a request and store it as a dataset.

        Args:
            request: its body is the file.
            caller: the owner of the dataset.
            metadata: of the dataset.
            key: the request's Idempotency-Key.
            header: whether line 1 of a CSV is known to have the names.

        Raises:
            ServiceError: if it is refused; nothing is stored then.
        """
        _refuse_other_media_types(request.headers)
        if key is None:
            await run_sync(self._datasets.refuse_name_in_use, caller, metadata.name)
        with self._place(caller.team_id), self._bytes.reserve(request) as reserved, _file() as upload, _file() as kept:
            digest = await save_body(request, upload, reserved)
            summary = await self._checked(partial(self._check, metadata.format, upload, kept, header=header))
            named = None if key is None else _request_key(request, caller, key, digest)
            return await run_sync(self._store, caller, metadata, summary, kept, named)

    async def _checked(self, check: Callable[[], TableSummary]) -> TableSummary:
        try:
            return await run_sync(check, limiter=self._checks)
        except asyncio.CancelledError:
            # A server that stops gives requests up after a while; this one can be told, as nothing is stored.
            raise UploadsUnavailable("The service is stopping; nothing was stored. Send the file again.") from None

    def _store(
        self,
        caller: Principal,
        metadata: UploadMetadata,
        summary: TableSummary,
        kept: IO[bytes],
        key: RequestKey | None,
    ) -> Response:
        # All that takes time comes first: with SQLite a transaction keeps everybody else from writing.
        new = NewDataset.of(metadata, summary, kept)

        def store(session: Session) -> Answer:
            # The file may have come for half an hour; a caller that has lost its rights meanwhile stores nothing.
            owner = require_scope(Scope.SUBMIT, reauthenticated(session, caller))
            made = self._datasets.add(session, owner, new)
            return Answer(201, made, {"Location": f"/v1/datasets/{made.id}"})

        return IdempotentUnit(self._database, key)(store)

    @contextmanager
    def _place(self, team_id: str) -> Iterator[None]:
        if self._under_way.total() >= _MOST_AT_ONCE or self._under_way[team_id] >= _MOST_OF_A_TEAM:
            raise UploadsUnavailable("The service takes in as many uploads as it can at once. Try again in a moment.")
        self._under_way[team_id] += 1
        try:
            yield
        finally:
            self._under_way[team_id] -= 1
            self._under_way += Counter()  # drops the teams that have none


class _ByteLimit:
    """Limit of the bytes of all uploads under way, on disk or still to come."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._reserved = 0

    @contextmanager
    def reserve(self, request: Request) -> Iterator["_Reservation"]:
        """The reservation of one upload: at once for all of its Content-Length, and given back however it ends.

        Raises:
            UploadsUnavailable: if the limit does not allow as much.
        """
        declared = request.headers.get("content-length", "")
        reservation = _Reservation(self)
        try:
            reservation.grow(int(declared) if declared.isdecimal() else 0)
            yield reservation
        finally:
            self._reserved -= reservation.size

    def add(self, size: int) -> None:
        """Reserve so many bytes, or none."""
        if self._reserved + size > self._most:
            raise UploadsUnavailable(
                "The service takes in as many bytes of uploads as it can at once. Try again later."
            )
        self._reserved += size


class _Reservation:
    """Bytes that one upload has reserved."""

    def __init__(self, limit: _ByteLimit) -> None:
        self._limit = limit
        self.size = 0

    def grow(self, size: int) -> None:
        """Reserve at least as many bytes.

        Raises:
            UploadsUnavailable: if the limit does not allow as much.
        """
        if size > self.size:
            self._limit.add(size - self.size)
            self.size = size


async def save_body(request: Request, file: IO[bytes], reserved: _Reservation) -> bytes:
    """Write the body of a request to a file; returns its SHA-256.

    Args:
        request: its body is the file.
        file: the target.
        reserved: grows with the bytes that come, where no Content-Length says before how many.

    Raises:
        UploadCutOff: if the connection ends before the body does, or it is not as long as it was said to be.
        UploadStalled: if nothing comes for a while, or it does not end.
        UploadsUnavailable: if the disk is full or the limit reached.
    """
    digest, received = hashlib.sha256(), 0

    def keep(piece: bytes) -> None:
        digest.update(piece)
        file.write(piece)

    try:
        async for piece in _pieces(request):
            received += len(piece)
            reserved.grow(received)
            await run_sync(keep, piece)
    except ClientDisconnect:
        raise UploadCutOff("The connection ended before all of the file had come.") from None
    except TimeoutError:
        raise UploadStalled("The file does not come, or comes too slowly. Send it again.") from None
    except OSError as error:
        raise _of_full_disk(error) from error
    declared = request.headers.get("content-length")
    if declared is not None and declared != str(received):
        raise UploadCutOff(
            f"Content-Length says {declared[:20]} bytes, but {received} have come. Send all of the file."
        )
    return digest.digest()


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces worth a write."""
    stream, waiting = request.stream(), bytearray()
    deadline = anyio.current_time() + _WHOLE_SECONDS
    ended = False
    while not ended:
        with anyio.fail_after(min(_SILENCE_SECONDS, max(0.0, deadline - anyio.current_time()))):
            chunk = await anext(stream, None)
        ended = chunk is None
        waiting += chunk or b""
        if len(waiting) >= _PIECE_BYTES or (ended and waiting):
            yield bytes(waiting)
            waiting.clear()


def _of_full_disk(error: OSError) -> Exception:
    if is_lack_of_room(error):
        return UploadsUnavailable("The service has no room on its disk for the file. Try again later.")
    return error


def _refuse_other_media_types(headers: Headers) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise NotAFile("Send the file itself as the body, with Content-Type: application/octet-stream or text/csv.")


def _request_key(request: Request, caller: Principal, key: str, digest: bytes) -> RequestKey:
    target = f"{request.url.path}?{request.url.query}"
    return RequestKey(caller.member_id, key, request_digest(request.method, target, digest))


@contextmanager
def _file() -> Iterator[IO[bytes]]:
    try:
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    except OSError as error:
        raise _of_full_disk(error) from error
    with file:
        yield file
