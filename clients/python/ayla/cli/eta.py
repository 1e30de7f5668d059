"""The remaining time of a job, from the service's event stream about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import httpx2

from ayla._client import Client
from ayla._transport import segment
from ayla.models import Job

_MINUTE = 60
_HOUR = 60 * _MINUTE
PROGRESS_EVENT, END_EVENT, ETA_FIELD = "progress", "end", "eta_seconds"

_RECONNECT_SECONDS = 5.0
_MAX_CONNECTIONS = 20


class EtaStream:
    """Reads the event stream of a job in a thread; where there is no stream, the remaining time is unknown.

    Args:
        client: of the service; its connections must outlive this.
        job: the job or its id.
        listening: False: the stream is not read.

    Attributes:
        seconds: until the job is done, by the newest event; None while unknown.
    """

    def __init__(self, client: Client, job: Job | str, *, listening: bool = True) -> None:
        self._http = client._transport.http
        self._path = f"/v1/jobs/{segment(job)}/events"
        self._listening = listening
        self._closed = threading.Event()
        self.seconds: float | None = None

    def __enter__(self) -> Self:
        if self._listening:
            threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()

    def _listen(self) -> None:
        """Read the stream, and reconnect where it was cut off; it ends with the job."""
        for _ in range(_MAX_CONNECTIONS):
            try:
                if self._read() or self._closed.is_set():
                    return
            except (httpx2.HTTPError, httpx2.StreamError, RuntimeError, ValueError, KeyError, TypeError):
                self.seconds = None  # the polls of the job go on without it, and report what is wrong
            if self._closed.wait(_RECONNECT_SECONDS):
                return

    def _read(self) -> bool:
        """Read the stream once; returns whether it has ended for good."""
        headers = {"Accept": "text/event-stream"}
        with self._http.stream("GET", self._path, headers=headers, timeout=httpx2.Timeout(60.0, connect=5.0)) as answer:
            if answer.status_code != 200:
                return answer.status_code < 500
            for name, data in _events(answer.iter_lines()):
                if name == PROGRESS_EVENT:
                    seconds = data[ETA_FIELD]
                    self.seconds = float(seconds) if isinstance(seconds, int | float) else None
                if name == END_EVENT or self._closed.is_set():
                    return True
        return False


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """Name and data of each event; the service writes the data of an event as JSON on one line."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def format_duration(seconds: float) -> str:
    """A remaining time, rounded: ``about 40 s``, ``about 12 min``, ``about 3 h 20 min``."""
    if seconds < 1.5 * _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    tens = round(seconds / _MINUTE / 10)
    return f"about {tens // 6} h {tens % 6 * 10} min" if seconds < 24 * _HOUR else f"about {round(seconds / _HOUR)} h"
