"""Sends requests and decides about retries, so that the resources need not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ValidationError

from ayla._address import shown
from ayla._body import unicode_text
from ayla._clock import Clock
from ayla._retry import is_retried, retry_delay
from ayla.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    InvalidRequest,
    status_error,
)

Timeout = float | httpx2.Timeout | None
Params = Mapping[str, str | float | None]
M = TypeVar("M", bound=BaseModel)

_HEADER_VALUE = re.compile("[!-~]([ -~]*[!-~])?")


class Unset(Enum):
    """Says that an option was not given, where None means something."""

    UNSET = auto()


UNSET = Unset.UNSET


class Transport:
    """One connection pool with a retry rule.

    A request is sent again only where that cannot do anything twice: every GET, every PATCH (they set values), and a
    POST that carries an Idempotency-Key or that does the same when done twice.
    """

    def __init__(self, http: httpx2.Client, *, timeout: Timeout, max_retries: int, clock: Clock) -> None:
        self.http = http
        self.timeout = timeout
        self.max_retries = max_retries
        self.clock = clock

    def with_options(self, *, timeout: Timeout | Unset, max_retries: int | Unset) -> Transport:
        """The same pool with other options."""
        return Transport(
            self.http,
            timeout=self.timeout if isinstance(timeout, Unset) else timeout,
            max_retries=self.max_retries if isinstance(max_retries, Unset) else max_retries,
            clock=self.clock,
        )

    def get(self, path: str, params: Params | None = None, *, accept: str = "application/json") -> httpx2.Response:
        """The answer to a GET; parameters that are None are left out."""
        given = {key: value for key, value in (params or {}).items() if value is not None}
        request = self._built("GET", path, params=given, headers={"Accept": accept})
        return self._send(request, repeatable=True)

    def post(
        self, path: str, body: object = None, *, idempotency_key: str | None = None, repeatable: bool = False
    ) -> httpx2.Response:
        """The answer to a POST of ``body`` as JSON (none when None)."""
        keyed = {"Idempotency-Key": header_value(idempotency_key, "idempotency_key")} if idempotency_key else {}
        headers = {"Accept": "application/json"} | keyed
        request = self._built("POST", path, json=body, headers=headers)
        return self._send(request, repeatable=repeatable or bool(idempotency_key))

    def patch(self, path: str, body: object) -> httpx2.Response:
        """The answer to a PATCH of ``body`` as JSON, whichever version there is by now."""
        headers = {"Accept": "application/json", "If-Match": "*"}
        request = self._built("PATCH", path, json=body, headers=headers)
        return self._send(request, repeatable=True)

    def _built(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        try:
            return self.http.build_request(method, path, timeout=self.timeout, **parts)
        except (httpx2.InvalidURL, ValueError) as error:
            raise InvalidRequest("", f"The request cannot be written: {error}") from error

    def _send(self, request: httpx2.Request, *, repeatable: bool) -> httpx2.Response:
        attempts = self.max_retries if repeatable else 0
        for attempt in range(attempts):
            try:
                return self._send_once(request)
            except APIError as error:
                delay = _delay(error, attempt)
                if delay is None:
                    raise
            self.clock.sleep(delay)
        return self._send_once(request)

    def _send_once(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = self.http.send(request)
        except httpx2.TimeoutException as error:
            raise APITimeoutError(f"No answer from {shown(request.url)} in time ({type(error).__name__}).") from error
        except httpx2.RequestError as error:
            raise APIConnectionError(f"Cannot reach the service at {shown(self.http.base_url)}: {error}") from error
        except RuntimeError as error:
            if not self.http.is_closed:
                raise
            raise InvalidRequest("", "The client is closed.") from error
        if not response.is_success:
            raise status_error(response)
        return response


def parse(model: type[M], response: httpx2.Response) -> M:
    """The answer as ``model``.

    Raises:
        APIResponseError: it is not JSON of that form.
    """
    return shaped(model, json_of(response), response)


def shaped(model: type[M], data: object, response: httpx2.Response) -> M:
    """Part of an answer's JSON as ``model``.

    Raises:
        APIResponseError: it does not have that form.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _foreign(response, "has an unknown form") from error


def json_of(response: httpx2.Response) -> Any:
    """The answer's JSON.

    Raises:
        APIResponseError: it is not JSON.
    """
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise _foreign(response, "is not JSON") from error


def csv_of(response: httpx2.Response) -> str:
    """The answer's text.

    Raises:
        APIResponseError: it is not CSV.
    """
    if not response.headers.get("Content-Type", "").startswith("text/csv"):
        raise _foreign(response, "is not CSV")
    return response.text


def segment(item: object) -> str:
    """An id, or that of a job or trial, as one part of a path, whatever characters it has.

    Raises:
        InvalidRequest: there is no id, or with it the path would mean something else.
    """
    identifier = item if isinstance(item, str) else getattr(item, "id", None)
    if not isinstance(identifier, str):
        raise InvalidRequest("id", f"a {type(item).__name__} is not an id and has none.")
    if identifier in {"", ".", ".."}:
        raise InvalidRequest("id", "it cannot be empty, '.' or '..'.")
    return quote(unicode_text(identifier, "id"), safe="")


def header_value(text: object, argument: str) -> str:
    """``text``, unchanged; where it is refused the message does not show it, as it may be a secret.

    Raises:
        InvalidRequest: a header cannot carry it.
    """
    if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
        raise InvalidRequest(argument, "it must be printable ASCII without line breaks or blanks around it.")
    return text


def _foreign(response: httpx2.Response, what: str) -> APIResponseError:
    url = response.request.url
    return APIResponseError(
        f"The answer of {url} {what}; this does not look like an AYLA service. Is it the address of the service?"
    )


def _delay(error: APIError, attempt: int) -> float | None:
    """Seconds until the next attempt; None where there shall be none."""
    if isinstance(error, APIStatusError):
        if not is_retried(error.status, error.problem.slug):
            return None
        return retry_delay(attempt, error.response.headers)
    return retry_delay(attempt, {}) if isinstance(error, APIConnectionError) else None
