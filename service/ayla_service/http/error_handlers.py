"""Turns every error into a problem document. The one place that knows which error is which status."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog
from ayla_spec import SpecError
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter
from sqlalchemy import exc as store_errors
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ayla_service.db.session import store_is_damaged
from ayla_service.errors import (
    InvalidHeader,
    InvalidQuery,
    ServiceError,
    StoreDamaged,
    StoreUnavailable,
    UnknownCoding,
)
from ayla_service.http.problems import MAX_FIELD_ERRORS, FieldError, Place, problem, summary
from ayla_service.http.validation import field_errors, from_issues
from ayla_service.http.wording import quoted

_RETRY_SECONDS = "1"

# Slug, title and the detail to give where the framework has none of its own.
_HTTP_PROBLEMS: Mapping[int, tuple[str, str, str]] = {
    400: ("malformed-body", "Malformed body", "The body cannot be read."),
    403: ("cross-site-request", "Cross-site request", "A page of another origin may not change anything here."),
    404: ("not-found", "Not found", "There is nothing at this path. GET /openapi.json describes what there is."),
    405: ("method-not-allowed", "Method not allowed", "This path does not have this method; Allow lists those it has."),
    406: ("not-acceptable", "Not acceptable", "This resource has no representation that Accept allows."),
    408: ("body-timeout", "Body timeout", "The body of the request did not come in time; send it faster, or in parts."),
    413: ("body-too-large", "Body too large", "The body is larger than the service accepts."),
    415: ("unsupported-media-type", "Unsupported media type", "Send JSON with Content-Type: application/json."),
    421: ("host-not-allowed", "Host not allowed", "This service does not answer for the host asked for."),
}

# DatabaseError itself is what SQLite raises for a file that is damaged.
_STORE_AWAY = (
    store_errors.OperationalError,
    store_errors.InternalError,
    store_errors.InterfaceError,
    store_errors.TimeoutError,
    store_errors.DatabaseError,
)
# Subclasses of DatabaseError that say that this program did something wrong, not that the store is away.
_OUR_FAULT = (store_errors.IntegrityError, store_errors.DataError, store_errors.ProgrammingError)

log = structlog.get_logger("ayla_service.api")


class BodyTooLarge(HTTPException):
    """A body is larger than ``max_bytes``, the limit."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(413)
        self.max_bytes = max_bytes


class BodyTimeout(HTTPException):
    """A body does not come within its time."""

    def __init__(self) -> None:
        # What is left of the body may still come, so the connection cannot be used for anything else.
        super().__init__(408, headers={"Connection": "close"})


def install_handlers(app: FastAPI) -> None:
    """Register a handler for every error that a request can end in."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(SpecError, _spec_error)
    app.add_exception_handler(RequestValidationError, _request_validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    for unavailable in _STORE_AWAY:
        app.add_exception_handler(unavailable, _store_error)


def body_too_large(request: Request, max_bytes: int) -> Response:
    """The answer to a body over the limit."""
    slug, title, _ = _HTTP_PROBLEMS[413]
    detail = f"The body is larger than {max_bytes} bytes, the most that is accepted."
    return problem(request, slug=slug, title=title, status=413, detail=detail)


def host_not_allowed(request: Request, host: str) -> Response:
    """The answer to a request for a host that is not this service; ``host`` is empty if the request named none."""
    slug, title, _ = _HTTP_PROBLEMS[421]
    asked = f"The host {quoted(host)} is not one of this service" if host else "The request names no host"
    detail = f"{asked}; AYLA_ALLOWED_HOSTS lists those that the service answers for."
    return problem(request, slug=slug, title=title, status=421, detail=detail)


def cross_site_request(request: Request, origin: str) -> Response:
    """The answer to a request that could change something and that a browser sent for a page of another origin."""
    slug, title, _ = _HTTP_PROBLEMS[403]
    page = f"A page of the origin {quoted(origin)}" if origin else "A page of another origin"
    detail = f"{page} may not change anything here; AYLA_CORS_ORIGINS lists those that may, besides the service's own."
    return problem(request, slug=slug, title=title, status=403, detail=detail)


async def problem_of(request: Request, error: ServiceError | store_errors.SQLAlchemyError) -> Response:
    """The answer to an error that a request has ended in before it came to a route."""
    if isinstance(error, ServiceError):
        return await _service_error(request, error)
    if isinstance(error, _STORE_AWAY):
        return await _store_error(request, error)
    raise error


def internal_error(request: Request) -> Response:
    """The answer to an error of the service itself; says nothing of its inside."""
    detail = "Something went wrong in the service. The request id leads to the entry in its log."
    return problem(request, slug="internal-error", title="Internal error", status=500, detail=detail)


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101  # what it is registered for
    errors = from_issues(error.issues, _place(error))
    detail = summary(errors) if errors else error.detail
    passes = error.status == 503 and not isinstance(error, StoreDamaged)
    headers = {"Retry-After": _RETRY_SECONDS, **error.headers} if passes else error.headers
    return problem(
        request, slug=error.slug, title=error.title, status=error.status, detail=detail, errors=errors, headers=headers
    )


def _place(error: ServiceError) -> Place:
    match error:
        case InvalidQuery():
            return "query"
        case InvalidHeader() | UnknownCoding():
            return "header"
        case _:
            return "body"


async def _spec_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SpecError)  # noqa: S101  # what it is registered for
    shown = from_issues(error.issues[:MAX_FIELD_ERRORS], "body")
    return _invalid(request, shown, left_out=max(0, len(error.issues) - MAX_FIELD_ERRORS))


async def _request_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # what it is registered for
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _malformed(request, f"The body is not JSON: {_json_fault(error.__cause__)}.")
    # A body of a megabyte can hold a hundred thousand faults; more than a page of them helps nobody.
    shown = field_errors(error.errors()[:MAX_FIELD_ERRORS], _body_schema(request))
    return _invalid(request, shown, left_out=max(0, len(error.errors()) - MAX_FIELD_ERRORS))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # what it is registered for
    if isinstance(error.__cause__, ServiceError | store_errors.SQLAlchemyError):
        return await problem_of(
            request, error.__cause__
        )  # the framework takes any error in reading a body for its fault
    if error.status_code == 400:
        return _malformed(request, _unreadable(error.__cause__))
    if error.status_code == 405:
        return _method_not_allowed(request)
    if isinstance(error, BodyTooLarge):
        return body_too_large(request, error.max_bytes)
    slug, title, detail = _HTTP_PROBLEMS.get(error.status_code, ("http-error", "HTTP error", str(error.detail)))
    if error.status_code == 406:
        detail = error.detail
    return problem(request, slug=slug, title=title, status=error.status_code, detail=detail, headers=error.headers)


async def _store_error(request: Request, error: Exception) -> Response:
    if isinstance(error, _OUR_FAULT):
        raise error
    # SQLAlchemy's own message holds the statement and may hold its values: users' data, which no log needs.
    log.error("store unavailable", error=type(error).__name__, reason=_driver_message(error))
    return await _service_error(request, StoreDamaged() if store_is_damaged(error) else StoreUnavailable())


def _driver_message(error: Exception) -> str:
    """First line of the database driver's message, or of the pool's where no driver was asked."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _invalid(request: Request, errors: list[FieldError], left_out: int = 0) -> Response:
    return problem(
        request,
        slug="invalid-request",
        title="Invalid request",
        status=422,
        detail=summary(errors),
        errors=errors,
        left_out=left_out,
    )


def _malformed(request: Request, detail: str) -> Response:
    slug, title, _ = _HTTP_PROBLEMS[400]
    errors = [FieldError(place="body", pointer="", detail=detail)]
    return problem(request, slug=slug, title=title, status=400, detail=detail, errors=errors)


def _method_not_allowed(request: Request) -> Response:
    slug, title, detail = _HTTP_PROBLEMS[405]
    headers = {"Allow": ", ".join(_allowed_methods(request))}
    return problem(request, slug=slug, title=title, status=405, detail=detail, headers=headers)


def _allowed_methods(request: Request) -> list[str]:
    """The methods of every route at this path; the framework names those of the first route only."""
    routes = iter_route_contexts(request.app.routes)
    matching = [route for route in routes if route.methods and route.path_regex.match(request.url.path)]
    methods = {method for route in matching for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _json_fault(error: BaseException | None) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "it cannot be read"
    return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"


def _unreadable(error: BaseException | None) -> str:
    """Why a body could not even be read as JSON text, from the error that reading it raised."""
    if isinstance(error, RecursionError):
        return "The body is nested too deeply to be read."
    if isinstance(error, UnicodeDecodeError):
        return "The body is not UTF-8 text."
    if isinstance(error, ValueError) and "digits" in str(error):
        return "The body holds a number of too many digits to be read."
    return _HTTP_PROBLEMS[400][2]


def _body_schema(request: Request) -> dict[str, Any]:
    """JSON schema of the body that the request's route takes; empty if it takes none."""
    bodies = [field.field_info.annotation for field in request.scope["route"].dependant.body_params]
    return _schema(bodies[0]) if bodies else {}


@cache
def _schema(body: Any) -> dict[str, Any]:
    """Of any type that a body can have, not of models alone."""
    return TypeAdapter(body).json_schema()
