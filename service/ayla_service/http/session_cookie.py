"""The cookie of a session: HttpOnly, SameSite=Strict, and Secure where the browser speaks TLS.

Cookies are sent to a host whatever its port, so the name holds the port: services beside each other on one machine do
not end each other's sessions. Over TLS it begins with ``__Host-``, so that no neighbouring domain can set it.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from ayla_service.errors import CrossSiteSession, NotAuthenticated
from ayla_service.http.origin import OWN_SITES, SAFE_METHODS, USUAL_PORTS, is_own, place_of
from ayla_service.teams.sessions import LIFETIME

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def token_of(request: Request) -> str | None:
    """The token of the session that a request comes with; None if it comes with none.

    Raises:
        NotAuthenticated: if it comes with two, or with something that is none.
    """
    name = _name(request)
    pairs = (part.partition("=") for line in request.headers.getlist("cookie") for part in line.split(";"))
    found = [value.strip() for key, _, value in pairs if key.strip() == name]
    if not found:
        return None
    # Two of one name come from somebody else on this host, who has set one for a path.
    if len(found) > 1 or not _TOKEN.fullmatch(found[0]):
        raise NotAuthenticated("The cookie of the session is not one that this service has set; sign in again.")
    return found[0]


def require_own_page(request: Request) -> None:
    """Check that a request by cookie comes from a page of this service, as browsers send cookies for other pages too.

    Raises:
        CrossSiteSession: if it comes from another page, or could change something and does not say where from.
    """
    headers, scheme = request.headers, request.scope.get("scheme", "http")
    origins, hosts = headers.getlist("origin"), headers.getlist("host")
    says = bool(origins) or request.method in SAFE_METHODS
    is_ours = len(origins) <= 1 and all(is_own(origin, hosts, scheme) for origin in origins)
    if not (says and is_ours) or any(site not in OWN_SITES for site in headers.getlist("sec-fetch-site")):
        raise CrossSiteSession


def set_token(request: Request, response: Response, token: str) -> None:
    """Let the browser keep a token until its session ends at the latest."""
    seconds = int(LIFETIME.total_seconds())
    response.set_cookie(
        _name(request), token, max_age=seconds, secure=_is_secure(request), httponly=True, samesite="strict"
    )


def drop_token(request: Request, response: Response) -> None:
    """Let the browser forget the token."""
    response.delete_cookie(_name(request), secure=_is_secure(request), httponly=True, samesite="strict")


def _is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, by what this server or a trusted proxy has seen."""
    return str(request.scope.get("scheme", "http")) == "https"


def _name(request: Request) -> str:
    """Name of the cookie: by the port that the browser asks, which is not always the one that this process has."""
    usual = USUAL_PORTS["https" if _is_secure(request) else "http"]
    place = place_of(request.headers.get("host", ""), usual)
    name = f"ayla_session_{usual if place is None else place[1]}"
    return f"__Host-{name}" if _is_secure(request) else name
