"""Answers of the service, read into models."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from ayla.errors import APIResponseError
from ayla.models.base import ResponseModel

M = TypeVar("M", bound=ResponseModel)


class Page(ResponseModel):
    """One page of a list, its items as they came."""

    data: tuple[dict[str, Any], ...]
    next_cursor: str | None = None


class ColumnsAnswer(ResponseModel):
    """Rows of a trial, column by column."""

    trial_id: str
    columns: dict[str, tuple[int | float | None, ...]]


class PredictionsAnswer(ColumnsAnswer):
    """Predictions of a trial's model at some steps."""

    steps: tuple[int, ...] = ()


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


def _unexpected(response: httpx2.Response, what: str) -> APIResponseError:
    url = response.request.url
    return APIResponseError(
        f"The answer of {url} {what}; this does not look like an AYLA service. Is it the address of the service?"
    )
