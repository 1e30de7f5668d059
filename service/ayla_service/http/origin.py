"""Check of Host and Origin: refuses requests that a web page of another origin makes a browser send here.

A page can let its own name resolve to this machine (DNS rebinding), or send a request without reading the answer: a
browser asks no leave for one that a form could send, and a POST without a body is one. While the service needs no keys
only its origin tells a page from the user. Services with keys are checked alike; their pages are listed in a setting.
"""

import re
from collections.abc import Collection, Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ayla_service.http.error_handlers import cross_site_request, host_not_allowed

_HOST = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]+?)\.?)(?::(?P<port>[0-9]*))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\s]+)")  # as browsers write it: in lower case
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110, section 9.2.1
OWN_SITES = ("same-origin", "none")  # of Sec-Fetch-Site; none is what the user typed, or opened from a bookmark
USUAL_PORTS = {"http": "80", "https": "443"}


class OriginMiddleware:
    """Refuses requests for an unexpected host, and those of pages of other origins that could change something.

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
        if scope["method"] not in SAFE_METHODS and self._is_cross_site(headers, scope.get("scheme", "http")):
            return cross_site_request(Request(scope), ", ".join(headers.getlist("origin")))
        return None

    def _is_cross_site(self, headers: Headers, scheme: str) -> bool:
        """Whether a browser sent it for a page that is neither listed nor of this service; programs say neither."""
        origins = headers.getlist("origin")
        if len(origins) == 1 and origins[0] in self._origins:
            return False  # Sec-Fetch-Site calls it cross-site, which it is
        is_ours = not origins or (len(origins) == 1 and is_own(origins[0], headers.getlist("host"), scheme))
        return not is_ours or any(site not in OWN_SITES for site in headers.getlist("sec-fetch-site"))


def is_own(origin: str, hosts: Sequence[str], scheme: str) -> bool:
    """Whether this is the origin that the request is for.

    Told by what the browser says it asks (Host), not by where this process listens. A proxy that speaks TLS for it need
    not say so: https may come in as http, but never the other way round.
    """
    page = _ORIGIN.fullmatch(origin)
    if page is None or (scheme == "https" and page["scheme"] != "https"):
        return False
    port = USUAL_PORTS[page["scheme"]]
    place = place_of(page["host"], port)
    return place is not None and [place_of(host, port) for host in hosts] == [place]


def place_of(host: str, usual_port: str) -> tuple[str, str] | None:
    """A host's name and port; None if it makes no sense."""
    name, found = _name(host), _HOST.fullmatch(host.lower())
    return (name, found["port"] or usual_port) if name and found else None


def _name(host: str) -> str | None:
    """The host's name as settings have it: no port, brackets or final dot; None if the header makes no sense."""
    found = _HOST.fullmatch(host.lower())
    return found and (found["address"] or found["name"])
