# Generated from ayla/_async/transport.py by `make client`; changes belong there.
"""The HTTP transport: sends requests, and sends them again where that is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from ayla._address import without_credentials
from ayla._clock import Clock
from ayla._json import without_none
from ayla._transport import UNSET, Params, Timeout, Unset, delay_before_retry, header_value
from ayla.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    InvalidRequest,
    NotFoundError,
    status_error,
)
from ayla.raw_response import note_answer


class Transport:
    """One connection pool with a rule for retries.

    Only idempotent requests are sent again: every GET and DELETE, every PATCH (they set values), and a POST that
    carries an Idempotency-Key or whose effect is the same when it is done twice.
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

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer to a GET; parameters that are None are left out."""
        sent = {"Accept": accept, **(headers or {})}
        return self._send(
            lambda: self._build("GET", path, params=without_none(**params or {}), headers=sent), idempotent=True
        )

    def post(
        self,
        path: str,
        body: object = None,
        *,
        idempotency_key: str | None = None,
        idempotent: bool = False,
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer to a POST of ``body`` as JSON (none when None)."""
        sent = {"Accept": accept, **(headers or {}), **_keyed(idempotency_key)}
        return self._send(
            lambda: self._build("POST", path, json=body, headers=sent), idempotent=idempotent or bool(idempotency_key)
        )

    def upload(
        self,
        path: str,
        content: Callable[[], Iterator[bytes]],
        params: Params,
        *,
        headers: Mapping[str, str],
        idempotency_key: str,
    ) -> httpx2.Response:
        """The answer to a POST of bytes, which are read anew for each attempt."""
        sent = {"Accept": "application/json", **headers, **_keyed(idempotency_key)}
        asked = without_none(**params)
        return self._send(
            lambda: self._build("POST", path, content=content(), params=asked, headers=sent), idempotent=True
        )

    def patch(self, path: str, body: object, *, if_match: str | None = "*") -> httpx2.Response:
        """The answer to a PATCH of ``body`` as JSON, by default whichever version there is by now."""
        headers = {"Accept": "application/json"}
        if if_match is not None:
            headers["If-Match"] = header_value(if_match, "if_match")
        return self._send(lambda: self._build("PATCH", path, json=body, headers=headers), idempotent=True)

    def delete(self, path: str) -> None:
        """Delete what is there. That it is gone when the request is sent again is what was wanted."""
        sent = 0

        def build() -> httpx2.Request:
            nonlocal sent
            sent += 1
            return self._build("DELETE", path, headers={"Accept": "application/json"})

        try:
            self._send(build, idempotent=True)
        except NotFoundError as error:
            if sent == 1:
                raise
            note_answer(error.response)

    @contextmanager
    def stream(
        self,
        path: str,
        params: Params,
        *,
        accept: str,
        headers: Mapping[str, str] | None = None,
        timeout: Timeout | Unset = UNSET,
    ) -> Iterator[httpx2.Response]:
        """The answer to a GET, of which the body is read as it comes; sent once."""
        asked = without_none(**params)
        wanted = self.timeout if isinstance(timeout, Unset) else timeout
        request = self._build("GET", path, params=asked, headers={"Accept": accept, **(headers or {})}, timeout=wanted)
        response = self._answer(request, stream=True)
        try:
            if not response.is_success:
                response.read()
                raise status_error(response)
            yield response
        except httpx2.RequestError as error:
            raise self._unanswered(request, error) from error
        finally:
            response.close()

    def _build(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        try:
            return self.http.build_request(method, path, **{"timeout": self.timeout, **parts})
        except (httpx2.InvalidURL, ValueError) as error:
            raise InvalidRequest("", f"The request cannot be written: {error}") from error

    def _send(self, build: Callable[[], httpx2.Request], *, idempotent: bool) -> httpx2.Response:
        attempts = self.max_retries if idempotent else 0
        for attempt in range(attempts):
            try:
                return self._send_once(build())
            except APIError as error:
                delay = delay_before_retry(error, attempt)
                if delay is None:
                    raise
            self.clock.sleep(delay)
        return self._send_once(build())

    def _send_once(self, request: httpx2.Request) -> httpx2.Response:
        response = self._answer(request, stream=False)
        if not response.is_success:
            raise status_error(response)
        note_answer(response)
        return response

    def _answer(self, request: httpx2.Request, *, stream: bool) -> httpx2.Response:
        try:
            return self.http.send(request, stream=stream)
        except httpx2.RequestError as error:
            raise self._unanswered(request, error) from error
        except RuntimeError as error:
            if not self.http.is_closed:
                raise
            raise InvalidRequest("", "The client is closed.") from error

    def _unanswered(self, request: httpx2.Request, error: httpx2.RequestError) -> APIConnectionError:
        if isinstance(error, httpx2.TimeoutException):
            shown = without_credentials(request.url)
            return APITimeoutError(f"No answer from {shown} in time ({type(error).__name__}).")
        return APIConnectionError(f"Cannot reach the service at {without_credentials(self.http.base_url)}: {error}")


def _keyed(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": header_value(idempotency_key, "idempotency_key")} if idempotency_key else {}
