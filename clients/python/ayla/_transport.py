"""The HTTP transport: sends requests, and sends them again where that is safe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

import httpx2

from ayla._address import without_credentials
from ayla._clock import Clock
from ayla._json import valid_unicode, without_none
from ayla._retry import is_transient, retry_delay
from ayla.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    InvalidRequest,
    status_error,
)

Timeout = float | httpx2.Timeout | None
Params = Mapping[str, str | float | Sequence[str | float] | None]

_HEADER_VALUE = re.compile("[!-~]([ -~]*[!-~])?")


class Unset(Enum):
    """The value of an option that was not given, where None has a meaning of its own."""

    UNSET = auto()


UNSET = Unset.UNSET


class Transport:
    """One connection pool with a rule for retries.

    Only idempotent requests are sent again: every GET, every PATCH (they set values), and a POST that carries an
    Idempotency-Key or whose effect is the same when it is done twice.
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
        request = self._build("GET", path, params=without_none(**params or {}), headers={"Accept": accept})
        return self._send(request, idempotent=True)

    def post(
        self,
        path: str,
        body: object = None,
        *,
        idempotency_key: str | None = None,
        idempotent: bool = False,
        accept: str = "application/json",
    ) -> httpx2.Response:
        """The answer to a POST of ``body`` as JSON (none when None)."""
        keyed = {"Idempotency-Key": header_value(idempotency_key, "idempotency_key")} if idempotency_key else {}
        headers = {"Accept": accept} | keyed
        request = self._build("POST", path, json=body, headers=headers)
        return self._send(request, idempotent=idempotent or bool(idempotency_key))

    def patch(self, path: str, body: object) -> httpx2.Response:
        """The answer to a PATCH of ``body`` as JSON, whichever version there is by now."""
        headers = {"Accept": "application/json", "If-Match": "*"}
        request = self._build("PATCH", path, json=body, headers=headers)
        return self._send(request, idempotent=True)

    def _build(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        try:
            return self.http.build_request(method, path, timeout=self.timeout, **parts)
        except (httpx2.InvalidURL, ValueError) as error:
            raise InvalidRequest("", f"The request cannot be written: {error}") from error

    def _send(self, request: httpx2.Request, *, idempotent: bool) -> httpx2.Response:
        attempts = self.max_retries if idempotent else 0
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
            raise APITimeoutError(
                f"No answer from {without_credentials(request.url)} in time ({type(error).__name__})."
            ) from error
        except httpx2.RequestError as error:
            raise APIConnectionError(
                f"Cannot reach the service at {without_credentials(self.http.base_url)}: {error}"
            ) from error
        except RuntimeError as error:
            if not self.http.is_closed:
                raise
            raise InvalidRequest("", "The client is closed.") from error
        if not response.is_success:
            raise status_error(response)
        return response


def id_of(item: object) -> str:
    """An id, or that of a job or trial.

    Raises:
        InvalidRequest: there is none.
    """
    identifier = item if isinstance(item, str) else getattr(item, "id", None)
    if not isinstance(identifier, str):
        raise InvalidRequest("id", f"a {type(item).__name__} is not an id and has none.")
    return identifier


def segment(item: object) -> str:
    """An id, or that of a job or trial, as one part of a path, whatever characters it has.

    Raises:
        InvalidRequest: there is no id, or with it the path would mean something else.
    """
    identifier = id_of(item)
    if identifier in {"", ".", ".."}:
        raise InvalidRequest("id", "it cannot be empty, '.' or '..'.")
    return quote(valid_unicode(identifier, "id"), safe="")


def header_value(text: object, argument: str) -> str:
    """``text``, unchanged; where it is refused the message does not show it, as it may be a secret.

    Raises:
        InvalidRequest: a header cannot carry it.
    """
    if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
        raise InvalidRequest(argument, "it must be printable ASCII without line breaks or blanks around it.")
    return text


def _delay(error: APIError, attempt: int) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    if not is_transient(error):
        return None
    return retry_delay(attempt, error.response.headers if isinstance(error, APIStatusError) else {})
