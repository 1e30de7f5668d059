"""Refuses what a web page on another site makes a browser send here.

A page can let its own name resolve to this machine (DNS rebinding), or post across sites without reading the answer.
The service has no accounts, so where a request comes from is all there is to tell a page from the user.
"""

import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ayla_service.api.handlers import cross_site_request, host_not_allowed

_HOST = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]+?)\.?)(?::[0-9]*)?")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110, section 9.2.1


class OriginMiddleware:
    """Refuses requests for an unexpected host, and cross-site requests that could change something.

    Args:
        app: what is protected.
        host_names: in lower case, without port or brackets; None allows any.
    """

    def __init__(self, app: ASGIApp, host_names: frozenset[str] | None) -> None:
        self._app = app
        self._host_names = host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if self._host_names is not None and [_name(host) in self._host_names for host in hosts] != [True]:
            return host_not_allowed(Request(scope), ", ".join(hosts))
        if scope["method"] not in _SAFE_METHODS and "cross-site" in headers.getlist("sec-fetch-site"):
            return cross_site_request(Request(scope))
        return None


def _name(host: str) -> str | None:
    """The host's name as settings have it: no port, brackets or final dot; None if the header makes no sense."""
    found = _HOST.fullmatch(host.lower())
    return found and (found["address"] or found["name"])
