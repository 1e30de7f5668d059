"""What routes are given: services, the raw body, and checks that every route shares."""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Annotated, Any, get_args, get_origin

from ayla_spec import SpecError, SpecIssue
from fastapi import Depends, Path
from fastapi.dependencies.models import Dependant
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ayla_service.db.session import Database
from ayla_service.errors import InvalidHeader, InvalidQuery
from ayla_service.http.wording import nearest, quoted
from ayla_service.jobs.service import JobService
from ayla_service.schemas import Id

_MAX_FIELDS = 5000
_MAX_BULK_FIELDS = 50_000
_MAX_NAME_LENGTH = 64
_ONCE = ("Content-Length", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID")


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
    document = await request.json() if await request.body() else None
    _refuse_crowds(document, max_fields)
    if document is not None:
        json.loads(await request.body(), object_pairs_hook=_refuse_doubles)
    return document


def _refuse_crowds(document: Any, most: int) -> None:
    """Refuse far more fields than any spec has, before each of them costs a validation error.

    Raises:
        SpecError: if the document is such a crowd.
    """
    count, waiting = 0, [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            count += len(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    if count > most:
        raise SpecError([SpecIssue("", f"The body has {count} fields; no request needs more than {most}.")])


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that has a field twice: which of the two is meant is not for a parser to guess.

    Raises:
        SpecError: on such an object.
    """
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise SpecError([SpecIssue("", f"The field {quoted(name)} stands twice in an object; give it once.")])
        names.add(name)


async def refuse_repeated_headers(request: Request) -> None:
    """Refuse a header twice that is allowed once: a proxy may have gone by the one, and this service by the other.

    Raises:
        InvalidHeader: on the first such header.
    """
    for name in _ONCE:
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
    """Refuse a query parameter that the route does not have: a typo must not look like a filter that matched all.

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
    """The query parameters of a route, and of what it depends on; for each whether it is a list."""
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
