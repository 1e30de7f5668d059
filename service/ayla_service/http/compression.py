"""Compression of answers with gzip: of texts, not of what is compressed already, nor of streams of events."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.http.negotiation import accepts

_LEAST_BYTES = 1024
"""Smaller answers fit into a packet as they are."""

_LEVEL = 1
"""Numbers, the bulk of what is sent, hardly get smaller at higher levels, which take twice as long and more."""

_COMPRESSED_ALREADY = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/octet-stream",
    "application/pdf",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.parquet",
)


class CompressionMiddleware:
    """Compression by Starlette, with refused encodings honoured and the validators of compressed answers made weak."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_validated(message: Message) -> None:
            if message["type"] == "http.response.start":
                _validate(MutableHeaders(scope=message), message["status"])
            await send(message)

        await self._responder(scope)(scope, receive, send_validated)

    def _responder(self, scope: Scope) -> ASGIApp:
        encodings = ",".join(Headers(scope=scope).getlist("accept-encoding"))
        if accepts(encodings, "gzip"):
            return GZipResponder(
                self._app, _LEAST_BYTES, compresslevel=_LEVEL, exclude_content_types=_COMPRESSED_ALREADY
            )
        return IdentityResponder(self._app, _LEAST_BYTES, exclude_content_types=_COMPRESSED_ALREADY)


def _validate(headers: MutableHeaders, status: int) -> None:
    """Weaken the ETag of a compressed answer, whose bytes differ; give 304 the Vary of 200 (RFC 9110, 15.4.5)."""
    etag = headers.get("etag", "")
    if etag.startswith('"') and headers.get("content-encoding") == "gzip":
        headers["ETag"] = f"W/{etag}"
    if status == 304:
        headers.add_vary_header("Accept-Encoding")
