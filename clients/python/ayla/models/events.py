"""Events of a stream: what happened to a job."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from ayla.models.base import ResponseModel

END = "end"
_FIELDS = frozenset({"event", "data", "id", "retry"})


class Event(ResponseModel):
    """Something that happened to a job, or to a team's queue.

    Attributes:
        name: "snapshot" (first, and again after a gap), "state", "progress", "metric", "gap" or "end".
        data: as the service describes it, in docs/streams.md; "job" is a job as lists show it.
        id: opaque; given as ``last_event_id``, a new stream goes on from there.
    """

    name: str
    data: dict[str, Any] = Field(default_factory=dict)
    id: str | None = None

    @property
    def job_id(self) -> str | None:
        """The job that it is about; None of an event about a team."""
        found = self.data.get("job_id")
        return found if isinstance(found, str) else None

    def __str__(self) -> str:
        progress = f" {self.data['fraction']:.0%}" if isinstance(self.data.get("fraction"), int | float) else ""
        job = self.data.get("job")
        state = f" {job['state']}" if isinstance(job, dict) and "state" in job else ""
        return f"{self.name}{progress}{state}{f' of job {self.job_id}' if self.job_id else ''}"


class EventLines:
    """Reads a stream line by line.

    httpx2 reads such streams too, but keeps the comments to itself by which the service shows that it is there; a wait
    with a timeout has to notice them.

    Attributes:
        retry_seconds: after which the service wants to be asked again.
    """

    def __init__(self) -> None:
        self.retry_seconds = 2.0
        self._fields: dict[str, list[str]] = {}

    def read(self, line: str) -> Event | None:
        """The event that ends with this line; None where there is none yet."""
        if line:
            field, _, value = line.partition(":")
            if field in _FIELDS:
                self._fields.setdefault(field, []).append(value.removeprefix(" "))
            return None
        fields, self._fields = self._fields, {}
        if "retry" in fields and fields["retry"][-1].isdecimal():
            self.retry_seconds = int(fields["retry"][-1]) / 1000
        return _event(fields) if "data" in fields else None


def _event(fields: dict[str, list[str]]) -> Event | None:
    """The event of these fields; None where its data are not those of this service."""
    try:
        data = json.loads("\n".join(fields["data"]))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    return Event(name=fields.get("event", ["message"])[-1], data=data, id=fields.get("id", [None])[-1])
