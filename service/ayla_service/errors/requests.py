"""Errors of a request or connection itself, whatever it asks for."""

from collections.abc import Mapping

from ayla_spec import SpecIssue

from ayla_service.errors.base import ServiceError


class MalformedRequest(ServiceError):
    """A connection has sent something that is no valid request."""

    slug, title, status = "malformed-request", "Malformed request", 400


class TooManyConnections(ServiceError):
    """The service has as many connections as it takes."""

    slug, title, status = "too-many-connections", "Too many connections", 503

    def __init__(self) -> None:
        super().__init__("The service has as many connections as it takes. Try again in a moment.")


class RateLimited(ServiceError):
    """There were too many requests."""

    slug, title, status = "rate-limited", "Too many requests", 429

    def __init__(self, detail: str, retry_after: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})})


class StaleVersion(ServiceError):
    """Somebody else has changed the thing since it was read."""

    slug, title, status = "stale-version", "Stale version", 412

    def __init__(self, kind: str) -> None:
        super().__init__(f"The {kind} has changed since it was read; read it again and repeat with its ETag.")


class VersionRequired(ServiceError):
    """A change that has to say which version it changes."""

    slug, title, status = "version-required", "Version required", 428

    def __init__(self, kind: str) -> None:
        super().__init__(f"Name the version to change in If-Match: the ETag of the {kind} as read, or * for any.")


class UnknownCoding(ServiceError):
    """The body is compressed, or otherwise not what its media type says."""

    slug, title, status = "unsupported-media-type", "Unsupported media type", 415

    def __init__(self, coding: str) -> None:
        detail = f"A body with Content-Encoding: {coding[:64]} is not read; send it as it is, without that header."
        # RFC 9110, section 15.5.16: so a client can tell this from a media type that is not taken.
        super().__init__(detail, [SpecIssue("/Content-Encoding", detail)], {"Accept-Encoding": "identity"})


class IdempotencyKeyReused(ServiceError):
    """The key came with another request before."""

    slug, title, status = "idempotency-key-reused", "Idempotency key reused", 422

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key '{key[:64]}' came with another request before; use a new key for a new request."
        )


class InvalidQuery(ServiceError):
    """A query parameter that cannot be honoured; ``issues`` has one entry whose pointer names the parameter."""

    slug, title, status = "invalid-request", "Invalid request", 422

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__("A query parameter is invalid.", [SpecIssue(f"/{parameter}", detail)])


class InvalidHeader(ServiceError):
    """A header of the request that cannot be honoured."""

    slug, title, status = "invalid-request", "Invalid request", 422

    def __init__(self, header: str, detail: str) -> None:
        super().__init__("A header is invalid.", [SpecIssue(f"/{header}", detail)])
