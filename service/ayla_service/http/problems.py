"""Problem documents (RFC 9457), the one form of all errors."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:ayla:problem:"

MAX_FIELD_ERRORS = 50
_MAX_INSTANCE_LENGTH = 500

Place = Literal["body", "query", "path", "header"]


class FieldError(BaseModel):
    """One field at fault."""

    model_config = ConfigDict(populate_by_name=True)

    place: Place = Field(alias="in", description="Part of the request that the field is in.")
    pointer: str = Field(
        description="JSON pointer (RFC 6901) to the field in the body, or '/' and the name of the parameter.",
        examples=["/problem/start/x"],
    )
    detail: str = Field(description="What is wrong with the field, and what would be right.")


class Problem(BaseModel):
    """Why a request was not fulfilled."""

    type: str = Field(description="Stable identifier of the kind of problem.", examples=[f"{TYPE_PREFIX}not-found"])
    title: str = Field(description="The kind of problem in words; the same for every occurrence.")
    status: int = Field(description="HTTP status code.")
    detail: str = Field(description="What happened this time, and what would be right.")
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="The X-Request-ID of the answer; the service's log has it too.")
    errors: list[FieldError] = Field(description="The fields at fault; empty if no field is.")


def problem(
    request: Request,
    *,
    slug: str,
    title: str,
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    left_out: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A response that carries one problem.

    Args:
        request: the request that it answers.
        slug: last part of the problem type.
        title: the kind of problem.
        status: HTTP status.
        detail: what happened this time.
        errors: the fields at fault.
        left_out: how many more there are, which the detail tells.
        headers: added to the response.
    """
    document = Problem(
        type=TYPE_PREFIX + slug,
        title=title,
        status=status,
        detail=f"{detail} {left_out} more errors are not listed." if left_out else detail,
        instance=request.url.path[:_MAX_INSTANCE_LENGTH],
        request_id=getattr(request.state, "request_id", ""),
        errors=list(errors),
    )
    return Response(_encode(document), status, headers, MEDIA_TYPE)


def summary(errors: Sequence[FieldError]) -> str:
    """One sentence that is enough where only the detail is shown."""
    if not errors:
        return "The request is not valid."
    first = f"{errors[0].pointer or 'The body'}: {errors[0].detail}"
    return first if len(errors) == 1 else f"{len(errors)} fields are invalid. The first: {first}"


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI declaration of problems with these statuses."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _CONTENT} for status in statuses}


_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _encode(document: Problem) -> bytes:
    # A text quoted from the request can hold half of a surrogate pair, which has no UTF-8.
    return json.dumps(document.model_dump(by_alias=True), ensure_ascii=False).encode("utf-8", "replace")
