"""Server-Sent Events: the encoding of events, and the response that streams them."""

from contextlib import aclosing

import orjson
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ayla_service.streams.events import (
    EndData,
    Event,
    GapData,
    JobSnapshotData,
    MetricData,
    Position,
    ProgressData,
    StateData,
    TeamSnapshotData,
)
from ayla_service.streams.feeds import Feed
from ayla_service.streams.hub import Hub
from ayla_service.teams.principal import Principal

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy keeps events, or holds them back."""

_NAMES: dict[type[Event], str] = {
    JobSnapshotData: "snapshot",
    TeamSnapshotData: "snapshot",
    StateData: "state",
    ProgressData: "progress",
    MetricData: "metric",
    GapData: "gap",
    EndData: "end",
}


def encode_event(event: Event, position: Position | None) -> bytes:
    """An event as bytes of the stream; its schema is in ``streams.schemas``."""
    text = orjson.dumps(event, default=_model).decode()
    return format_sse_event(event=_NAMES[type(event)], data_str=text, id=position.encode() if position else None)


def _model(value: object) -> orjson.Fragment:
    """A pydantic model within an event, which orjson does not know."""
    if not isinstance(value, BaseModel):
        raise TypeError(f"{type(value).__name__} has no JSON")
    return orjson.Fragment(value.model_dump_json())


class EventStream(StreamingResponse):
    """Response that streams a feed, until the feed or the client ends it.

    Args:
        hub: feeds the stream.
        caller: who gets it.
        feed: which events it gets.
        since: position from which the client goes on.
        ping_seconds: silence after which a ping is sent.
        has_body: False for an answer to HEAD.
    """

    # Not FastAPI's own class: its routes would encode each event again for every stream.
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
        """Serve the request; events that are not sent when it ends are dropped."""
        if not self._has_body:
            await super().__call__(scope, receive, send)
            return
        with self._hub.subscribed(self._caller, self._feed, self._since) as stream:
            async with aclosing(stream.pieces(self._ping_seconds)) as pieces:
                self.body_iterator = pieces
                await super().__call__(scope, receive, send)
