"""Connections that nobody can hold without using them: uvicorn's own, with a patience that ends.

uvicorn waits for ever for the head of a request, and for a client that takes nothing of its answer. Here each of
these has a time, counted from when the wait began and not from the last byte, so that one byte now and then does not
prolong it. A body has its time in ``api/middleware.py``, where it can be answered.
"""

import asyncio
import json
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ayla_service.errors import TooManyConnections

KEEP_ALIVE_SECONDS = 10
"""How long a connection is kept for a next request: longer than clients keep theirs, so that none uses a closed one."""

MOST_HEAD_BYTES = 65_536
"""Of the line and the headers of a request."""

LEAST_BYTES_PER_SECOND = 1024
"""How much of an answer a client has to take, while there is more for it than fits on the way."""


def _full() -> bytes:
    """What a connection too many is answered with, in the form of every other error of the interface."""
    error = TooManyConnections()
    named = {"type": f"urn:ayla:problem:{error.slug}", "title": error.title, "status": error.status}
    body = json.dumps({**named, "detail": error.detail, "instance": "", "request_id": "", "errors": []}).encode()
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose client is waited for only so long.

    Subclasses, which ``bounded`` makes, set the bounds.

    Attributes:
        patience_seconds: for the head of a request, and for an answer to be taken.
        most: connections at once.
    """

    patience_seconds: float
    most: int

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = 0
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request, unless there are too many connections."""
        if len(self.connections) >= self.most:
            transport.set_protocol(asyncio.Protocol())
            transport.write(_full())
            transport.close()
            return
        super().connection_made(transport)
        # Whatever cannot be sent at once counts as waiting: otherwise the last 64 KiB could lie here for ever.
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for timer in (self._head, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head of the request has no end: the parser keeps whatever comes of it."""
        super().data_received(data)
        if self._head_bytes is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Count what comes of a head."""
        super().on_message_begin()
        self._head_bytes = self._head_bytes or 0  # what came before it is counted already

    def on_headers_complete(self) -> None:
        """What comes now is a body, which has its limits elsewhere."""
        self._head_bytes = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._await_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what was sent."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """It has taken all of it."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
        self._head = self.loop.call_later(self.patience_seconds, self._end_without_head)

    def _end_without_head(self) -> None:
        last: RequestResponseCycle | None = self.cycle  # none before the first request, whatever uvicorn's types say
        if last is None or last.response_complete:
            # Also if it is closing already: that waits for what was sent, which has a time of its own.
            self.transport.close()

    def _await_taking(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self.patience_seconds, self._end_without_taking, waiting)

    def _end_without_taking(self, waited_for: int) -> None:
        taken = waited_for - self.transport.get_write_buffer_size()
        if taken >= LEAST_BYTES_PER_SECOND * self.patience_seconds:
            self._await_taking()
        else:
            self.transport.abort()


def bounded(patience: float, connections: int) -> type[BoundedProtocol]:
    """The protocol with these bounds; uvicorn wants a class, and makes an instance for each connection."""

    class Bounded(BoundedProtocol):
        patience_seconds = patience
        most = connections

    return Bounded
