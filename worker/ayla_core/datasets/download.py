"""Fetches a file of known checksum over HTTP: goes on where it was cut off, and to the next mirror after an error."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO

import httpx2
from filelock import FileLock, Timeout

MAX_BYTES = 64 * 2**20
"""More than any file we fetch; a server that sends more is not the one we look for."""

MAX_SECONDS = 600.0
"""Time limit of one file, and of waiting for another worker that is fetching it."""

_LOCK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file by its name below a mirror's base URL and the MD5 of its bytes."""

    name: str
    md5: str


class DownloadFailed(Exception):
    """No mirror had the file; the message has each one's reason."""


class _Rejected(Exception):
    """An answer that cannot be used."""


class _Unusable(_Rejected):
    """Bytes that cannot become the file; those on disk have to go."""


def _nothing() -> None:
    pass


def fetch(
    file: RemoteFile,
    folder: Path,
    mirrors: Sequence[str],
    timeout: float,
    on_progress: Callable[[], None] = _nothing,
) -> Path:
    """The file in ``folder``, downloaded if it is not there yet; another worker may do the same at the same time.

    Bytes go to ``<name>.part``, which stays after an error and is completed by the next mirror or the next call.

    Args:
        file: what to fetch.
        folder: where it goes; made when it is missing.
        mirrors: base URLs, tried in order.
        timeout: seconds a server may be silent.
        on_progress: called whenever bytes have come, or while another worker fetches the same file.

    Raises:
        DownloadFailed: when no mirror has it or the folder cannot be written.
    """
    target = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(folder / f".{file.name}.lock", on_progress):
            if not target.exists():
                _from_any_mirror(file, target, mirrors, timeout, on_progress)
    except OSError as error:
        raise DownloadFailed(f"{folder} cannot be written ({_reason(error)})") from error
    return target


@contextmanager
def exclusive_lock(path: Path, on_progress: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of this file; whoever holds it before is waited for as long as a file may take to be fetched.

    Args:
        path: a file for the lock alone.
        on_progress: called every second of waiting.

    Raises:
        OSError: when it takes longer, or the lock cannot be made.
    """
    lock, deadline = FileLock(path, mode=0o600), time.monotonic() + MAX_SECONDS
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout:
            if time.monotonic() > deadline:
                raise
            on_progress()
    try:
        yield
    finally:
        lock.release()


def _from_any_mirror(
    file: RemoteFile, target: Path, mirrors: Sequence[str], timeout: float, on_progress: Callable[[], None]
) -> None:
    reasons = []
    with httpx2.Client(timeout=timeout, follow_redirects=True) as client:
        for mirror in mirrors:
            url = f"{mirror.rstrip('/')}/{file.name}"
            try:
                _complete(client, url, file, target, on_progress)
            except (httpx2.HTTPError, httpx2.InvalidURL, _Rejected) as error:
                reasons.append(f"{url} ({_reason(error)})")
            else:
                return
    raise DownloadFailed("; ".join(reasons) or "no mirrors are set")


def _complete(client: httpx2.Client, url: str, file: RemoteFile, target: Path, on_progress: Callable[[], None]) -> None:
    part = target.with_name(f"{file.name}.part")
    resumed = part.exists()
    try:
        _append(client, url, part, on_progress)
        _check(part, file.md5)
    except _Unusable:
        part.unlink(missing_ok=True)
        if not resumed:
            raise
        # The fault may be in what was there before, so this mirror gets a clean start.
        _complete(client, url, file, target, on_progress)
    else:
        part.replace(target)


def _append(client: httpx2.Client, url: str, part: Path, on_progress: Callable[[], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    # A proxy that compresses or unpacks on the way would change the bytes that the checksum is of.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        mode = _mode(response, have)
        with part.open(mode) as out:
            _write(response, out, on_progress)


def _mode(response: httpx2.Response, have: int) -> str:
    if response.status_code == HTTPStatus.OK:
        return "wb"  # also the answer of a server that cannot resume
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        if response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            return "ab"
        raise _Unusable("the server sent another part of the file than it was asked for")
    if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
        raise _Unusable("the server has nothing to add to what is already here")
    raise _Rejected(f"the server answered {response.status_code} {response.reason_phrase}".rstrip())


def _write(response: httpx2.Response, out: IO[bytes], on_progress: Callable[[], None]) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    for chunk in response.iter_raw():
        out.write(chunk)
        on_progress()
        if out.tell() > MAX_BYTES:
            raise _Unusable(f"the server sent more than {MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise _Rejected(f"it took longer than {MAX_SECONDS:g} s")
    out.flush()
    os.fsync(out.fileno())


def _check(part: Path, md5: str) -> None:
    with part.open("rb") as content:
        found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != md5:
        raise _Unusable(f"wrong checksum: MD5 {found} instead of {md5}")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
