"""Middleware of every request: request id, access log with the last resort for errors, HEAD, limits of bodies.

Pure ASGI, so that a response is streamed through and never buffered.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Collection, Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.errors import UnknownCoding
from ayla_service.http.authorization import RequestAuthorization
from ayla_service.http.error_handlers import BodyTimeout, BodyTooLarge, body_too_large, internal_error, problem_of
from ayla_service.http.wording import quoted
from ayla_service.teams.tokens import without_keys

REQUEST_ID_HEADER = "X-Request-ID"

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_WITH_BODY = ("POST", "PATCH", "PUT")
_QUIET_PATHS = ("/healthz", "/readyz", "/metrics")
_QUIET_FOLDERS = ("/assets/", "/docs/assets/")
_MAX_LOGGED_PATH = 500
_LEAST_BYTES_PER_SECOND = 16_384

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
        is_sane = _SANE_REQUEST_ID.fullmatch(given) and given == without_keys(given)
        request_id = given if is_sane else str(uuid.uuid4())
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
        except ClientDisconnect:
            pass  # in the middle of its body: there is nobody to be answered, and nothing has gone wrong here
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

        scope.setdefault("state", {})["is_head"] = True  # for answers whose body is long, or has no end
        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyTimeMiddleware:
    """Refuses a body that comes too slowly.

    Bodies are received before a thread is taken for their request, so a slow one does not block others; but it must
    end.

    Args:
        app: what is protected.
        seconds: for every body, and as many more as it needs at the least rate.
        exempt: methods and paths that have a timeout of their own.
    """

    def __init__(self, app: ASGIApp, seconds: float, exempt: Collection[tuple[str, str]]) -> None:
        self._app = app
        self._seconds = seconds
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) in self._exempt:
            await self._app(scope, receive, send)
            return
        begun, received, is_complete = time.monotonic(), 0, False

        async def receive_in_time() -> Message:
            nonlocal received, is_complete
            if is_complete:
                return await receive()  # tells whether the client is still there, which is no hurry
            left = begun + self._seconds + received / _LEAST_BYTES_PER_SECOND - time.monotonic()
            try:
                async with asyncio.timeout(left):
                    message = await receive()
            except TimeoutError:
                raise BodyTimeout from None
            received += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)


class BodyCodingMiddleware:
    """Refuses a compressed body, which the service does not read and would call malformed.

    Not that of a GET or DELETE, where none belongs and none is looked at.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] in _WITH_BODY:
            headers = Headers(scope=scope)
            codings = ", ".join(headers.getlist("content-encoding"))
            is_coded = any(coding.strip().lower() not in ("", "identity") for coding in codings.split(","))
            if is_coded and (headers.get("content-length", "0") != "0" or "transfer-encoding" in headers):
                await (await problem_of(Request(scope), UnknownCoding(quoted(codings))))(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimitMiddleware:
    """Refuses a body that is too large, declared or sent.

    FastAPI's ``max_body_size`` does the same with a plain-text answer; here the answer is a problem.

    Args:
        app: what is protected.
        max_bytes: of a body.
        by_route: limits that differ, by method and path.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, by_route: Mapping[tuple[str, str], int]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._by_route = by_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._by_route.get((scope["method"], scope["path"]), self._max_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > max_bytes:
            await body_too_large(Request(scope), max_bytes)(scope, receive, send)
            return
        received = 0

        async def receive_at_most() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise BodyTooLarge(max_bytes)
            return message

        await self._app(scope, receive_at_most, send)


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    is_quiet = scope["path"] in _QUIET_PATHS or (scope["path"].startswith(_QUIET_FOLDERS) and status < 400)
    record = log.debug if is_quiet else log.info
    authorization: RequestAuthorization | None = scope.get("state", {}).get("authorization")
    who = None if authorization is None else authorization.principal
    by = {} if who is None or who.is_open else {"member_id": who.member_id, "key_id": who.key_id}
    milliseconds = round(seconds * 1000, 1)
    record("request", method=scope["method"], path=_path(scope), status=status, milliseconds=milliseconds, **by)


def _path(scope: Scope) -> str:
    """The path as it was sent, percent-encoded, so that it brings no line breaks into the log."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("ascii", "backslashreplace")
    return without_keys(raw.decode("ascii", "backslashreplace"))[:_MAX_LOGGED_PATH]
