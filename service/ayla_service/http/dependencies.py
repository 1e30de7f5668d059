"""Dependencies of routes: the store, the body as it was sent, and checks that all routes share."""

import json
from collections import Counter
from collections.abc import Mapping
from email.message import Message
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from ayla_spec import SpecError, SpecIssue
from fastapi import Depends, Path
from fastapi.dependencies.models import Dependant
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ayla_service.db.session import Database
from ayla_service.errors import InvalidHeader, InvalidQuery
from ayla_service.http.json_schema import pointer_to
from ayla_service.http.wording import nearest, quoted
from ayla_service.jobs.service import JobService
from ayla_service.schemas import Id

_MAX_FIELDS = 5000
_MAX_BULK_FIELDS = 50_000
_MAX_NAME_LENGTH = 64
_CONTAINERS = frozenset({dict, list})
_SINGLE_HEADERS = ("Content-Length", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID")


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _jobs(request: Request) -> JobService:
    service: JobService = request.app.state.jobs
    return service


async def submitted_json(request: Request) -> Any:
    """The body as its user wrote it. FastAPI has parsed it by now, so this costs nothing.

    Raises:
        HTTPException: if it is declared to be something else than JSON.
        SpecError: if it has far more fields than any request needs.
    """
    return await _submitted(request, _MAX_FIELDS)


async def submitted_bulk(request: Request) -> Any:
    """As ``submitted_json``, for a body of many job specs."""
    return await _submitted(request, _MAX_BULK_FIELDS)


async def _submitted(request: Request, max_fields: int) -> Any:
    content_type = Message()
    content_type["content-type"] = request.headers.get("content-type", "")
    subtype = content_type.get_content_subtype()
    if content_type.get_content_maintype() != "application" or (subtype != "json" and not subtype.endswith("+json")):
        raise HTTPException(415)
    body = await request.body()
    if not body:
        return None
    document = await request.json()
    fields = _fields(document, max_fields)
    if not _is_whole(body, fields):
        _refuse_duplicate_fields(body)
    return document


def _is_whole(body: bytes, fields: int) -> bool:
    """Whether it is certain, at little cost, that so many fields are all that the body has, and none stands twice.

    A field has one colon of its own, and other colons make the count larger, never smaller. Where there are others,
    quotation marks begin and end texts in turn once those that a backslash has made part of a text are taken out, and a
    field is a text with a colon behind it. Of the encodings of JSON those with characters of several bytes each have
    zeros.
    """
    if body.count(b":") == fields:
        return True
    if b"\0" in body:
        return False
    if b"\\" in body:  # backslashes stand in texts only; pairs of them go first, as they do not act on what follows
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return sum(behind.lstrip(b" \t\r\n").startswith(b":") for behind in body.split(b'"')[2::2]) == fields


def _fields(document: Any, most: int) -> int:
    """How many fields all objects have together.

    Raises:
        SpecError: if the document has far more than any request needs, or lists and objects, before each of them costs
            a validation error.
    """
    fields, found, waiting = 0, 0, [document]
    while waiting:
        value = waiting.pop()
        found += 1
        fields += len(value) if isinstance(value, dict) else 0
        for count, limit, what in ((fields, most, "fields"), (found, 2 * most, "lists and objects")):
            if count > limit:
                raise SpecError([SpecIssue("", f"The body has more than {limit} {what}; no request needs so many.")])
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not _CONTAINERS.isdisjoint(map(type, inside)):  # a list of numbers is long, and has none
            waiting += [one for one in inside if isinstance(one, dict | list)]
    return fields


class _DuplicateField(NamedTuple):
    """Stands in a parsed document in place of an object that has a field of this name twice."""

    name: str


def _refuse_duplicate_fields(body: bytes) -> None:
    """Refuse an object that has a field twice: which of the two is meant is not for a parser to guess.

    Raises:
        SpecError: on the first such object, with the pointer to it.
    """
    found: list[_DuplicateField] = []

    def checked(pairs: list[tuple[str, Any]]) -> Any:
        fields = dict(pairs)
        if len(fields) == len(pairs):
            return fields
        (name, _), *_others = Counter(name for name, _ in pairs).most_common(1)
        found.append(_DuplicateField(name))
        return found[-1]

    document = json.loads(body, object_pairs_hook=checked)
    if found:
        place, name = _first_duplicate(document)
        detail = f"The field {quoted(name)} stands twice in an object; give it once."
        raise SpecError([SpecIssue(pointer_to(place), detail)])


def _first_duplicate(document: Any) -> tuple[tuple[str | int, ...], str]:
    """Where the first object with a duplicate field is, and the name of the field; there is one."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, _DuplicateField):
            return place, value.name
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [((*place, key), item) for key, item in reversed(list(inner))]
    raise AssertionError("no duplicate field")


async def refuse_repeated_headers(request: Request) -> None:
    """Refuse a header twice that is allowed once: a proxy may have gone by the one, and this service by the other.

    Raises:
        InvalidHeader: on the first such header.
    """
    for name in _SINGLE_HEADERS:
        if len(request.headers.getlist(name)) > 1:
            raise InvalidHeader(name, f"{name} stands {len(request.headers.getlist(name))} times; send it once.")


async def refuse_line_break(request: Request) -> None:
    """Refuse a path with a line break at its end, which the framework takes for the same path without it.

    Raises:
        HTTPException: if it is such a path.
    """
    if request.scope["path"].endswith("\n"):
        raise HTTPException(404)


async def refuse_unknown_query(request: Request) -> None:
    """Refuse unknown query parameters, as a misspelt filter must not look like one that matched everything.

    So is one that is given twice, unless it is a list.

    Raises:
        InvalidQuery: on the first such parameter.
    """
    if not request.query_params:
        return
    allowed = _query_fields(request.scope["route"].dependant)
    for name in request.query_params:
        if name in allowed and not allowed[name] and len(request.query_params.getlist(name)) > 1:
            raise InvalidQuery(name, "Stands twice in the query; give it once.")
        if name not in allowed:
            known = f"Allowed here: {', '.join(allowed)}." if allowed else "This resource has none."
            raise InvalidQuery(
                name[:_MAX_NAME_LENGTH],
                f"Unknown query parameter {quoted(name)}.{nearest(name, list(allowed))} {known}",
            )


def _query_fields(dependant: Dependant) -> dict[str, bool]:
    """Query parameters of a route and its dependencies; for each whether it is a list."""
    fields = {field.alias: _is_list(field.field_info.annotation) for field in dependant.query_params}
    for dependency in dependant.dependencies:
        fields |= _query_fields(dependency)
    return fields


def _is_list(annotation: Any) -> bool:
    return any(get_origin(kind) is list for kind in (annotation, *get_args(annotation)))


def next_page(request: Request, cursor: str | None) -> Mapping[str, str]:
    """The Link header (RFC 8288) to the page after this one; none on the last."""
    if cursor is None:
        return {}
    url = URL(scope=request.scope).include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}


Store = Annotated[Database, Depends(_database)]
Jobs = Annotated[JobService, Depends(_jobs)]
SubmittedJson = Annotated[dict[str, Any], Depends(submitted_json)]

JobId = Annotated[Id, Path(description="Id of the job.")]
