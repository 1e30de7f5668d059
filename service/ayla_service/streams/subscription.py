"""One stream, between the looks that feed it and the client that takes it."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import Enum, auto

from ayla_service.streams.events import Encode, Ended, EndReason, Gap, GapReason, Position
from ayla_service.streams.feeds import Feed, News

PING = b": ping\n\n"
STOPPING = b": the service stops; come back\nretry: 1000\n\n"
_BEGINNING = b"retry: 2000\n\n"

_MOST_PIECES = 64
_MOST_BYTES = 512 * 1024


class _Phase(Enum):
    OPENING = auto()
    """It waits for what it begins with."""
    LIVE = auto()
    BEHIND = auto()
    """Too much waits to be taken; nothing more is added before that is gone."""
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: a member, by a key or without one."""

    member_id: str
    key_id: str | None


class Subscription:
    """What one client is still to be told; used on the event loop alone.

    Args:
        feed: what it is about.
        since: where the client wants to go on.
        listener: who it is.
        encode: writes an event.
        wake: called when it has to begin (anew).
    """

    def __init__(
        self, feed: Feed, since: Position | None, listener: Listener, encode: Encode, wake: Callable[[], None]
    ) -> None:
        self.feed = feed
        self.listener = listener
        self._since = since
        self._encode = encode
        self._wake = wake
        self._phase = _Phase.OPENING
        self._pieces: deque[bytes] = deque([_BEGINNING])
        self._bytes = 0
        self._more = asyncio.Event()

    @property
    def is_opening(self) -> bool:
        """Whether it waits for what it begins with."""
        return self._phase is _Phase.OPENING

    @property
    def since(self) -> Position | None:
        """Up to where its client has been told what there was, or said so."""
        return self._since

    def take(self, news: News) -> None:
        """Add what of the news it is about."""
        if self.listener.key_id in news.refused:
            self.close(self._encode(Ended(EndReason.ACCESS_ENDED), None))
            return
        if self._phase is _Phase.OPENING:
            self._begin(news)
        elif self._phase is _Phase.LIVE:
            self._add(news.about(self.feed))
        if self._phase is _Phase.LIVE:
            self._since = news.position
            if self.feed.is_over(news):
                self.close()

    def restart(self, reason: GapReason) -> None:
        """Begin anew, as changes may have been missed."""
        if self._phase is _Phase.LIVE:
            self._phase = _Phase.OPENING
            self._put(self._gap(reason))

    def close(self, last: bytes = b"") -> None:
        """End the stream, once what waits and ``last`` are taken."""
        if self._phase is not _Phase.CLOSED:
            self._phase = _Phase.CLOSED
            self._put(last)

    async def pieces(self, ping_seconds: float) -> AsyncGenerator[bytes, None]:
        """What is to be sent, as it comes; pings while there is nothing."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._bytes -= len(piece)
                yield piece
            if self._phase is _Phase.CLOSED:
                return
            if self._phase is _Phase.BEHIND:
                self._phase = _Phase.OPENING
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

    def _begin(self, news: News) -> None:
        first = self.feed.first(news, self._since)
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
        return self._encode(Gap(reason, self._since.at if self._since else None), None)
