"""Answers of the service, read into models; lists page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from ayla._transport import Params, Transport
from ayla.errors import APIResponseError
from ayla.models import ResponseModel

M = TypeVar("M", bound=ResponseModel)


class _Page(ResponseModel):
    data: tuple[dict[str, Any], ...]
    next_cursor: str | None = None


def parse(model: type[M], response: httpx2.Response) -> M:
    """The answer as ``model``.

    Raises:
        APIResponseError: it is not JSON of that form.
    """
    return validated(model, json_of(response), response)


def validated(model: type[M], data: object, response: httpx2.Response) -> M:
    """Part of an answer's JSON as ``model``.

    Raises:
        APIResponseError: it does not have that form.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _unexpected(response, "has an unknown form") from error


def json_of(response: httpx2.Response) -> Any:
    """The answer's JSON.

    Raises:
        APIResponseError: it is not JSON.
    """
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise _unexpected(response, "is not JSON") from error


def text_of(response: httpx2.Response, media_type: str) -> str:
    """The answer's text.

    Raises:
        APIResponseError: it is of another kind.
    """
    if not response.headers.get("Content-Type", "").startswith(media_type):
        raise _unexpected(response, f"is not {media_type}")
    return response.text


def pages(transport: Transport, path: str, params: Params, item: type[M], *, limit: int | None = None) -> Iterator[M]:
    """Every item of a list, page after page, at most ``limit``; the next page is fetched when it is needed.

    Raises:
        APIResponseError: a page, or an item on it, does not have its form.
    """
    left = limit
    cursor: str | None = None
    while left is None or left > 0:
        response = transport.get(path, {**params, "cursor": cursor})
        page = parse(_Page, response)
        for data in page.data[:left]:
            yield validated(item, data, response)
        left = None if left is None else left - len(page.data)
        cursor = page.next_cursor
        if cursor is None:
            return


def _unexpected(response: httpx2.Response, what: str) -> APIResponseError:
    url = response.request.url
    return APIResponseError(
        f"The answer of {url} {what}; this does not look like an AYLA service. Is it the address of the service?"
    )
