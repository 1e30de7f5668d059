# Generated from ayla/_async/events.py by `make client`; changes belong there.
"""Streams of events: what happens to jobs, as it happens."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx2

from ayla._retry import is_transient
from ayla._transport import UNSET, Params, Timeout, Unset, delay_before_retry, header_value
from ayla.errors import APIError
from ayla.models.events import END, Event, EventLines

if TYPE_CHECKING:
    from ayla._sync.client import Client

_SILENCE_SECONDS = 60.0
"""The service sends something every 15 seconds; a stream that is silent for so long is broken."""


class EventStream:
    """A stream of events, which goes on by itself after a lost connection.

    Args:
        client: of the service.
        path: of the stream.
        params: what it is about.
        last_event_id: of the last event of an earlier stream; None: from now on.
        of_one_job: whether the end of a job ends it.

    Attributes:
        last_event_id: of the newest event.
        retry_seconds: after which the service wants to be asked again.
        exhausted: whether the service has said that there are no more events.
    """

    def __init__(
        self, client: Client, path: str, params: Params, last_event_id: str | None, *, of_one_job: bool
    ) -> None:
        self._transport = client._transport
        self._path = path
        self._params = params
        self._of_one_job = of_one_job
        self._failures = 0
        self.last_event_id = last_event_id
        self.retry_seconds = 2.0
        self.exhausted = False

    def read(self) -> Generator[Event]:
        """Every event until there are no more.

        Raises:
            APIError: the service refuses, or does not answer for as many times as the client's retries allow.
        """
        while not self.exhausted:
            try:
                with closing(self.read_once()) as events:
                    for event in events:
                        if event is not None:
                            self._failures = 0
                            yield event
                pause = self.retry_seconds
            except APIError as error:
                pause = self._pause(error)
            if not self.exhausted:
                self._transport.clock.sleep(pause)

    def read_once(self, *, timeout: Timeout | Unset = UNSET) -> Generator[Event | None]:
        """The events of one connection; None for each sign of life between them.

        Raises:
            APIError: the service refuses, or the connection is lost.
        """
        known = (
            {} if self.last_event_id is None else {"Last-Event-ID": header_value(self.last_event_id, "last_event_id")}
        )
        silence = httpx2.Timeout(_SILENCE_SECONDS, connect=5.0) if isinstance(timeout, Unset) else timeout
        with self._transport.stream(
            self._path, self._params, accept="text/event-stream", headers=known, timeout=silence
        ) as response:
            if response.status_code == httpx2.codes.NO_CONTENT:
                self.exhausted = True
                return
            lines = EventLines()
            for line in response.iter_lines():
                event = lines.read(line)
                self.retry_seconds = lines.retry_seconds
                if event is not None:
                    self._note(event)
                yield event
                if self.exhausted:
                    return

    def _note(self, event: Event) -> None:
        self.last_event_id = event.id or self.last_event_id
        self.exhausted = event.name == END and (self._of_one_job or event.job_id is None)

    def _pause(self, error: APIError) -> float:
        """Seconds until the next connection; an error that does not pass, or came too often in a row, is raised."""
        delay = delay_before_retry(error, self._failures)
        self._failures += 1
        if delay is None or not is_transient(error) or self._failures > max(1, self._transport.max_retries):
            raise error
        return delay


class Events(Iterator[Event]):
    """Events one after the other. Leave the ``with`` block, or read to the end, and the connection is given back."""

    def __init__(self, events: Generator[Event]) -> None:
        self._events = events

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        return self._events.__next__()

    def close(self) -> None:
        """End the stream."""
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
