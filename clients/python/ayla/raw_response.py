"""A raw response, with what was read from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

import httpx2

from ayla.errors import APIResponseError

T = TypeVar("T")

_ANSWERS: ContextVar[list[httpx2.Response] | None] = ContextVar("ayla_answers", default=None)


class RawResponse(Generic[T]):
    """The response to a call; ``parse()`` is what the call gives without ``with_raw_response``.

    Attributes:
        http: the response as httpx2 has it; of several that a call needed, the last.
    """

    def __init__(self, http: httpx2.Response, found: T | APIResponseError) -> None:
        self.http = http
        self._found = found

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.http.status_code

    @property
    def headers(self) -> httpx2.Headers:
        """All headers, in upper or lower case."""
        return self.http.headers

    @property
    def content(self) -> bytes:
        """The body as it came."""
        return self.http.content

    @property
    def request_id(self) -> str | None:
        """Identifies the request in the service's log."""
        return self.http.headers.get("X-Request-ID")

    def parse(self) -> T:
        """What was read from it.

        Raises:
            APIResponseError: it is not an answer of this service.
        """
        if isinstance(self._found, APIResponseError):
            raise self._found
        return self._found

    def __repr__(self) -> str:
        return f"<RawResponse {self.status} of {self.http.request.method} {self.http.request.url.path}>"


@contextmanager
def answers() -> Iterator[list[httpx2.Response]]:
    """The successful responses of this task, in a block."""
    seen: list[httpx2.Response] = []
    token = _ANSWERS.set(seen)
    try:
        yield seen
    finally:
        _ANSWERS.reset(token)


def note_answer(response: httpx2.Response) -> None:
    """Remember a response, where this task wants to see them."""
    seen = _ANSWERS.get()
    if seen is not None:
        seen.append(response)
