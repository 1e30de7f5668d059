"""Events as they go over the wire (Server-Sent Events), and the response that streams them."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import orjson
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ayla_service.jobs.schemas import JobSummary
from ayla_service.streams.events import (
    Ended,
    Event,
    Gap,
    JobSnapshot,
    Measured,
    Progressed,
    StateChanged,
    TeamSnapshot,
)
from ayla_service.streams.feeds import Feed
from ayla_service.streams.hub import Hub
from ayla_service.streams.positions import Position
from ayla_service.teams.principal import Principal

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nobody on the way keeps events, or keeps them back."""


def encode_event(event: Event, position: Position | None) -> bytes:
    """An event as it goes over the wire; its schema is in ``event_schemas``."""
    name, data = _content(event)
    text = orjson.dumps(data).decode()
    return format_sse_event(event=name, data_str=text, id=position.encode() if position else None)


def _content(event: Event) -> tuple[str, Mapping[str, Any]]:
    match event:
        case JobSnapshot():
            named = {"job_id": event.job.id, "job": _job(event.job)}
            return "snapshot", {**named, "trials": event.trials, "trials_left_out": event.trials_left_out}
        case TeamSnapshot():
            return "snapshot", {"jobs": [_job(job) for job in event.jobs], "complete": event.complete}
        case StateChanged():
            return "state", {"job_id": event.job.id, "job": _job(event.job)}
        case Progressed():
            return "progress", _progress(event)
        case Measured():
            return "metric", {"job_id": event.job_id, "trials": event.trials}
        case Gap():
            return "gap", {"reason": event.reason, "since": event.since}
        case Ended():
            return "end", _end(event)


def _job(job: JobSummary) -> orjson.Fragment:
    return orjson.Fragment(job.model_dump_json())


def _progress(event: Progressed) -> dict[str, Any]:
    return {
        "job_id": event.job_id,
        "steps_done": event.progress.steps_done,
        "steps_total": event.progress.steps_total,
        "fraction": event.progress.fraction,
        "trials": event.trials.model_dump(),
        "steps_per_second": event.steps_per_second,
        "eta_seconds": event.eta_seconds,
    }


def _end(event: Ended) -> dict[str, Any]:
    return {
        "reason": event.reason,
        "job_id": event.job_id,
        "job": None if event.job is None else _job(event.job),
        "trials": event.trials,
        "trials_left_out": event.trials_left_out,
    }


class EventStream(StreamingResponse):
    """Tells a client what a feed is about, until one of them has enough.

    Args:
        hub: feeds it.
        caller: who listens.
        feed: what it is about.
        since: where the client wants to go on.
        ping_seconds: pause after which it says that it lives.
        has_body: False for an answer to HEAD.
    """

    # Not FastAPI's own class: its routes would write each event anew for every stream.
    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, caller: Principal, feed: Feed, since: Position | None, ping_seconds: float, *, has_body: bool
    ) -> None:
        super().__init__(iter(()), headers=_HEADERS)
        self._hub = hub
        self._caller = caller
        self._feed = feed
        self._since = since
        self._ping_seconds = ping_seconds
        self._has_body = has_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; what is still on its way is dropped when it ends, however that happens."""
        if not self._has_body:
            await super().__call__(scope, receive, send)
            return
        with self._hub.subscribed(self._caller, self._feed, self._since) as stream:
            async with aclosing(stream.pieces(self._ping_seconds)) as pieces:
                self.body_iterator = pieces
                await super().__call__(scope, receive, send)
