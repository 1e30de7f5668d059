"""Connections with timeouts and limits, so that nobody can hold one without using it.

uvicorn waits for ever for the head of a request, and for a client that takes nothing of its answer. Here each of
these has a time, counted from when the wait began and not from the last byte, so that one byte now and then does not
prolong it. A body has its time in ``http/middleware.py``, where it can be answered.

A request may be answered before all of its body has come, as it is too large or nobody may send it. Many clients read
the answer only after they have sent all, and never find it if the connection is closed before: so what comes is read on
for a while, and dropped (RFC 9112, section 9.6).

What comes behind a body (trailers; RFC 9110, section 6.5) is dropped too: uvicorn would add it to the headers of the
request, of which everybody on the way believes that they have been seen.
"""

import asyncio
import json
import math
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ayla_service.errors import MalformedRequest, ServiceError, TooManyConnections

KEEP_ALIVE_SECONDS = 10
"""How long a connection is kept for a next request: longer than clients keep theirs, so that none uses a closed one."""

MOST_HEAD_BYTES = 65_536
"""Of the line and the headers of a request, and of what comes behind its body."""

DRAIN_SECONDS = 5.0
DRAIN_BYTES = 8 * 1024**2
DRAINS_AT_ONCE = 20
"""How long, and how much, is read of a body whose request is answered, and of how many connections at once.

Not of a small one on a connection that goes on: that is waited for as the head of the next request is.
"""

LEAST_BYTES_PER_SECOND = 1024
"""How much of an answer a client has to take, while there is more for it than fits on the way."""


def _answer(error: ServiceError, *headers: str) -> bytes:
    """Answer where no request has been read, as problem+json like every other error of the interface."""
    named = {"type": f"urn:ayla:problem:{error.slug}", "title": error.title, "status": error.status}
    body = json.dumps({**named, "detail": error.detail, "instance": "", "request_id": "", "errors": []}).encode()
    status = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"
    form = ("Content-Type: application/problem+json", f"Content-Length: {len(body)}", "Connection: close")
    return "\r\n".join((status, *form, *headers, "", "")).encode() + body


class BoundedProtocol(HttpToolsProtocol):
    """A connection of uvicorn with timeouts and limits.

    Subclasses, which ``bounded_protocol`` makes, set the bounds.

    Attributes:
        timeout_seconds: for the head of a request, and for an answer to be taken.
        most: connections at once.
        draining: connections whose request is answered, while the rest of its body is read and dropped.
    """

    timeout_seconds: float
    most: int
    draining: ClassVar[set["BoundedProtocol"]]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head: asyncio.TimerHandle | None = None
        self._has_head = False
        self._loose_bytes = 0
        self._ends = False
        self._drained_bytes = 0
        self._drain: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request, unless there are too many connections."""
        if len(self.connections) >= self.most:
            transport.set_protocol(asyncio.Protocol())
            transport.write(_answer(TooManyConnections(), "Retry-After: 1"))
            transport.close()
            return
        super().connection_made(transport)
        # Whatever cannot be sent at once counts as waiting: otherwise the last 64 KiB could lie here for ever.
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        for timer in (self._head, self._stall):
            if timer is not None:
                timer.cancel()
        self._stop_draining()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head or the trailers are too long, which the parser keeps in memory."""
        self._loose_bytes += len(data)
        super().data_received(data)
        if self._drain is not None:
            self._drained_bytes += len(data)
            if self._drained_bytes > DRAIN_BYTES:
                self.transport.close()
        elif self._loose_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"Line and headers of a request have at most {MOST_HEAD_BYTES} bytes.")

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request, unless another answer is under way or was the last."""
        last: RequestResponseCycle | None = self.cycle
        is_answering = last is not None and last.response_started and not last.response_complete
        if not is_answering and self._drain is None:
            self.transport.write(_answer(MalformedRequest(msg)))
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin with a head."""
        self._has_head = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header of the head, and no other."""
        if not self._has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note the end of a head; the body has limits of its own elsewhere."""
        self._has_head, self._loose_bytes = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take some of a body."""
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of the request has come."""
        self._loose_bytes = 0
        super().on_message_complete()
        if self._stop_draining():
            self.transport.close()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or for the rest of this one."""
        self._await_head()
        # Of requests that come one behind the other it is that of the last, which is not answered yet.
        is_unread = self.cycle.response_complete and self.cycle.more_body
        if self._ends and not is_unread:
            self.transport.close()
        super().on_response_complete()
        if is_unread and self._ends:
            self._begin_draining()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:  # type: ignore[override]  # its own types
        if not self.transport.is_closing():
            super()._start_asgi_task(cycle, self._answering_early(cycle, app))  # type: ignore[arg-type]

    def _answering_early(self, cycle: RequestResponseCycle, app: ASGIApp) -> ASGIApp:
        """The application, of which an answer before the end of the body does not close the connection at once."""

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_and_stay(message: Message) -> None:
                is_early = message["type"] == "http.response.start" and cycle.more_body
                if is_early and _length(scope) > MOST_HEAD_BYTES:
                    cycle.keep_alive = False
                await send(message)
                if is_early:
                    self._ends, cycle.keep_alive = not cycle.keep_alive, True

            await app(scope, receive, send_and_stay)

        return answering

    def _begin_draining(self) -> None:
        if len(self.draining) >= DRAINS_AT_ONCE:
            self.transport.close()
            return
        self.draining.add(self)
        self._drained_bytes = 0
        self._drain = self.loop.call_later(DRAIN_SECONDS, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _stop_draining(self) -> bool:
        """Whether this connection was drained."""
        if self._drain is None:
            return False
        self._drain.cancel()
        self._drain = None
        self.draining.discard(self)
        return True

    def pause_writing(self) -> None:
        """Begin to wait for the client to read the answer."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """Stop waiting, as the client has read all of it."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
        self._head = self.loop.call_later(self.timeout_seconds, self._end_without_head)

    def _end_without_head(self) -> None:
        last: RequestResponseCycle | None = self.cycle  # none before the first request, whatever uvicorn's types say
        if last is None or last.response_complete:
            # Also if it is closing already: that waits for what was sent, which has a time of its own.
            self.transport.close()

    def _await_taking(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self.timeout_seconds, self._end_without_taking, waiting)

    def _end_without_taking(self, waited_for: int) -> None:
        taken = waited_for - self.transport.get_write_buffer_size()
        if taken >= LEAST_BYTES_PER_SECOND * self.timeout_seconds:
            self._await_taking()
        else:
            self.transport.abort()


def bounded_protocol(timeout: float, connections: int) -> type[BoundedProtocol]:
    """The protocol with these bounds; uvicorn wants a class, and makes an instance for each connection."""

    class Bounded(BoundedProtocol):
        timeout_seconds = timeout
        most = connections
        draining: ClassVar[set[BoundedProtocol]] = set()

    return Bounded


def _length(scope: Scope) -> float:
    """Bytes of the body, as its request declares them."""
    headers = Headers(raw=scope["headers"])
    declared = headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() and "transfer-encoding" not in headers else math.inf
