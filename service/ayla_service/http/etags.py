"""ETags: 304 for what the client has already, 412 for a change to a version that is not the current one."""

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from ayla_service.errors import StaleVersion, VersionRequired
from ayla_service.jobs.editing import ANY_VERSION

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([0-9]{1,9})(?:\.[0-9a-f]*)?")


def etag_of(content: bytes) -> str:
    """A strong validator of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def versioned_etag(version: int, content: bytes) -> str:
    """A validator of these bytes that names the version, which a change has to give in If-Match."""
    return f'"{version}.{hashlib.sha256(content).hexdigest()[:16]}"'


def not_modified(request: Request, etag: str) -> bool:
    """Whether the client has the representation of this validator already (RFC 9110, section 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return given.strip() == "*" or etag.strip('"') in _TAG.findall(given)


def private_headers(etag: str | None = None, fresh: str = "no-cache") -> dict[str, str]:
    """Headers of an answer that a cache may keep for its caller alone.

    A browser sends its session in Cookie and a program its key in Authorization. Both are part of what was asked: after
    signing out, or as somebody else, nothing that was kept before is an answer.

    Args:
        etag: its validator, if it has one.
        fresh: how long it may be taken without asking whether it still holds.
    """
    headers = {"Cache-Control": f"private, {fresh}", "Vary": "Accept, Authorization, Cookie"}
    return headers if etag is None else {"ETag": etag, **headers}


def conditional(request: Request, content: bytes, etag: str, media_type: str) -> Response:
    """The content with its validator, or 304 without it."""
    headers = private_headers(etag)
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def required_version(kind: str, if_match: str | None) -> int:
    """The version that If-Match names; ``ANY_VERSION`` for ``*``.

    Raises:
        VersionRequired: if there is no If-Match.
        StaleVersion: if it is none that this service has given.
    """
    if if_match is None:
        raise VersionRequired(kind)
    if if_match.strip() == "*":
        return ANY_VERSION
    found = [_VERSION.fullmatch(tag) for tag in _TAG.findall(if_match)]
    if len(found) != 1 or found[0] is None:
        raise StaleVersion(kind)
    return int(found[0][1])
