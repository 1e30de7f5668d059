"""Subscription of one client: the queue of encoded events between the polls and the connection."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import Enum, auto

from ayla_service.streams.events import Encode, EndData, EndReason, GapData, GapReason, Position
from ayla_service.streams.feeds import Feed, PollResult
from ayla_service.teams.principal import Credential

PING = b": ping\n\n"
STOPPING = b": the service stops; come back\nretry: 1000\n\n"
_FIRST_LINES = b"retry: 2000\n\n"

_MOST_PIECES = 64
_MOST_BYTES = 512 * 1024


class _Phase(Enum):
    STARTING = auto()
    """It waits for its first events."""
    LIVE = auto()
    BEHIND = auto()
    """The queue is full; nothing is added until the client has taken all of it."""
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Caller to whom a stream is sent: a member, and what lets it in."""

    member_id: str
    credential: Credential


class Subscription:
    """Queue of the events of one stream; used on the event loop alone.

    Args:
        feed: which events it gets.
        since: position from which the client goes on.
        subscriber: who gets it.
        encode: encodes an event.
        wake: called when it has to start again.
    """

    def __init__(
        self, feed: Feed, since: Position | None, subscriber: Subscriber, encode: Encode, wake: Callable[[], None]
    ) -> None:
        self.feed = feed
        self.subscriber = subscriber
        self._since = since
        self._encode = encode
        self._wake = wake
        self._phase = _Phase.STARTING
        self._pieces: deque[bytes] = deque([_FIRST_LINES])
        self._bytes = 0
        self._more = asyncio.Event()

    @property
    def is_starting(self) -> bool:
        """Whether it waits for its first events."""
        return self._phase is _Phase.STARTING

    @property
    def since(self) -> Position | None:
        """Position up to which the client has received all events."""
        return self._since

    def take(self, result: PollResult) -> None:
        """Add its events of a poll."""
        if self.subscriber.credential in result.refused:
            self.close(self._encode(EndData.without_job(EndReason.ACCESS_ENDED), None))
            return
        if self._phase is _Phase.STARTING:
            self._start(result)
        elif self._phase is _Phase.LIVE:
            self._add(result.events_of(self.feed))
        if self._phase is _Phase.LIVE:
            self._since = result.position
            if self.feed.is_over(result):
                self.close()

    def restart(self, reason: GapReason) -> None:
        """Start again, as changes may have been missed."""
        if self._phase is _Phase.LIVE:
            self._phase = _Phase.STARTING
            self._put(self._gap(reason))

    def close(self, last: bytes = b"") -> None:
        """End the stream once the client has taken the queue and ``last``."""
        if self._phase is not _Phase.CLOSED:
            self._phase = _Phase.CLOSED
            self._put(last)

    async def pieces(self, ping_seconds: float) -> AsyncGenerator[bytes, None]:
        """The bytes to send, as they come; pings while there are none."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._bytes -= len(piece)
                yield piece
            if self._phase is _Phase.CLOSED:
                return
            if self._phase is _Phase.BEHIND:
                self._phase = _Phase.STARTING
                self._put(self._gap(GapReason.SLOW_CLIENT))
                self._wake()
                continue
            if not await self._waited(ping_seconds):
                yield PING

    async def _waited(self, seconds: float) -> bool:
        self._more.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            return False
        return True

    def _start(self, result: PollResult) -> None:
        first = self.feed.first(result, self._since)
        if first is not None:
            self._phase = _Phase.LIVE
            self._put(first)

    def _add(self, piece: bytes) -> None:
        if not piece:
            return
        if len(self._pieces) >= _MOST_PIECES or (self._pieces and self._bytes + len(piece) > _MOST_BYTES):
            self._phase = _Phase.BEHIND
        else:
            self._put(piece)

    def _put(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._bytes += len(piece)
        self._more.set()

    def _gap(self, reason: GapReason) -> bytes:
        return self._encode(GapData(reason, self._since.at if self._since else None), None)
