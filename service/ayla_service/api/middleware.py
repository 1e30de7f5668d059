"""What wraps every request, from the outside in: request id, access log with the last resort for errors, body limit.

Pure ASGI, so that a response is streamed through and never buffered.
"""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.api.handlers import body_too_large, internal_error

REQUEST_ID_HEADER = "X-Request-ID"

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_QUIET_PATHS = ("/healthz", "/readyz", "/metrics")
_MAX_LOGGED_PATH = 500

log = structlog.get_logger("ayla_service.api")


class RequestIdMiddleware:
    """Gives every request an id, the client's own where it sent a sane one, and every response its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _SANE_REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)


class AccessLogMiddleware:
    """Logs every request, and answers with a problem where an error got through everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception:
            log.exception("request failed", method=scope["method"], path=_path(scope))
            if status:
                raise  # the response is half sent: only cutting the connection tells the client
            await internal_error(Request(scope))(scope, receive, send_and_note)
        finally:
            _log_access(scope, status, time.perf_counter() - begun)


class HeadMiddleware:
    """Answers HEAD as GET without the body, as RFC 9110 (section 9.3.2) asks of every resource that has GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyLimitMiddleware:
    """Refuses a body that is too large, declared or sent.

    FastAPI's ``max_body_size`` does the same with a plain-text answer; here the answer is a problem.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            await body_too_large(Request(scope), self._max_bytes)(scope, receive, send)
            return
        received = 0

        async def receive_at_most() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_at_most, send)


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    record = log.debug if scope["path"] in _QUIET_PATHS else log.info
    record("request", method=scope["method"], path=_path(scope), status=status, milliseconds=round(seconds * 1000, 1))


def _path(scope: Scope) -> str:
    """The path still percent-encoded, so that nobody writes line breaks into the log."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("ascii", "backslashreplace")
    return raw.decode("ascii", "backslashreplace")[:_MAX_LOGGED_PATH]
