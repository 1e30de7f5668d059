"""Refuses what a web page on another site makes a browser send here.

A page can let its own name resolve to this machine (DNS rebinding), or post across sites without reading the answer.
Where a request comes from is all that tells a page from the user, as long as the service needs no keys.
"""

import re
from collections.abc import Collection

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
        origins: of pages that may use the service from a browser all the same.
    """

    def __init__(self, app: ASGIApp, host_names: frozenset[str] | None, origins: Collection[str] = ()) -> None:
        self._app = app
        self._host_names = host_names
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if self._host_names is not None and [_name(host) in self._host_names for host in hosts] != [True]:
            return host_not_allowed(Request(scope), ", ".join(hosts))
        if scope["method"] not in _SAFE_METHODS and self._is_of_a_strange_page(headers):
            return cross_site_request(Request(scope))
        return None

    def _is_of_a_strange_page(self, headers: Headers) -> bool:
        origins = headers.getlist("origin")
        is_listed = len(origins) == 1 and origins[0] in self._origins
        return "cross-site" in headers.getlist("sec-fetch-site") and not is_listed


def _name(host: str) -> str | None:
    """The host's name as settings have it: no port, brackets or final dot; None if the header makes no sense."""
    found = _HOST.fullmatch(host.lower())
    return found and (found["address"] or found["name"])
