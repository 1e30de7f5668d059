"""All streams of this process, and the one look into the store that feeds them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.db.session import Database
from ayla_service.errors import StreamsUnavailable, TooManyStreams
from ayla_service.observability import metrics
from ayla_service.settings import Settings
from ayla_service.streams.events import Encode, GapReason, Position
from ayla_service.streams.feeds import Feed, JobsFeed, News, TeamFeed, TeamOpening, Wanted
from ayla_service.streams.poll import Board
from ayla_service.streams.subscription import STOPPING, Listener, Subscription
from ayla_service.teams.principal import Principal

_TOGETHER_SECONDS = 0.02
"""Streams that begin within this time share a look."""

_LEAST_PAUSE_SECONDS = 1.0

log = structlog.get_logger("ayla_service.streams")


@dataclass(frozen=True, slots=True)
class _Wait:
    """Who waits, and for the end of which jobs."""

    member_id: str
    job_ids: frozenset[str]


class Hub:
    """Feeds streams, and tells who waits for the end of a job. Used on the event loop alone.

    As long as there is somebody to tell, a thread looks into the store every so often for all of them together; what
    it finds is put on each stream's way.

    Args:
        database: the store.
        settings: of this process.
        encode: writes an event.
    """

    def __init__(self, database: Database, settings: Settings, encode: Encode) -> None:
        self._database = database
        self._settings = settings
        self._encode = encode
        self._board = Board(database, encode)
        self._streams: set[Subscription] = set()
        self._waits: dict[asyncio.Future[bool], _Wait] = {}
        self._looking: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._checked_at = 0.0
        self._stopped = False

    def __enter__(self) -> Self:
        """Take streams."""
        self._stopped = False
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Take none any more."""
        self.stop()

    def stop(self) -> None:
        """End all streams and all waiting, and take nothing new: whoever serves them waits for their end."""
        self._stopped = True
        for stream in self._streams:
            stream.close(STOPPING)
        for wait in self._waits:
            _answer(wait, ended=False)
        if self._looking is not None:
            self._looking.cancel()

    def refuse_too_many(self, principal: Principal) -> None:
        """Check that there is room for one more stream of this member.

        Raises:
            StreamsUnavailable: if this process has as many as it serves, or is about to stop.
            TooManyStreams: if the member has as many as it may have.
        """
        if not self._has_room:
            raise StreamsUnavailable
        if not self.has_room_for(principal.member_id):
            raise TooManyStreams(self._settings.max_member_streams)

    def has_room_for(self, member_id: str) -> bool:
        """Whether one more stream of this member, or one more who waits, can be served: they have the same places."""
        taken = Counter(stream.listener.member_id for stream in self._streams)
        taken.update(wait.member_id for wait in self._waits.values())
        return self._has_room and taken[member_id] < self._settings.max_member_streams

    @property
    def _has_room(self) -> bool:
        return not self._stopped and len(self._streams) + len(self._waits) < self._settings.max_streams

    @contextlib.contextmanager
    def subscribed(self, principal: Principal, feed: Feed, since: Position | None) -> Iterator[Subscription]:
        """A stream, for as long as the block runs.

        Raises:
            StreamsUnavailable: if others that began at the same moment have taken the last place.
            TooManyStreams: if others of the member have.
        """
        self.refuse_too_many(principal)
        listener = Listener(principal.member_id, principal.key_id)
        stream = Subscription(feed, since, listener, self._encode, self._wake)
        self._streams.add(stream)
        metrics.streams_open(len(self._streams))
        self._wake()
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            metrics.streams_open(len(self._streams))

    async def ended(self, member_id: str, job_ids: Collection[str], seconds: float) -> bool:
        """Whether all of these jobs have ended or are gone; a member waits so long for it at most."""
        wait: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waits[wait] = _Wait(member_id, frozenset(job_ids))
        self._wake()
        try:
            async with asyncio.timeout(seconds):
                return await wait
        except TimeoutError:
            return False
        finally:
            del self._waits[wait]

    def _wake(self) -> None:
        if not self._stopped and (self._looking is None or self._looking.done()):
            loop = asyncio.get_running_loop()
            # What was known when somebody listened last is old by now.
            self._board = Board(self._database, self._encode)
            self._woken, self._checked_at = asyncio.Event(), loop.time()
            self._looking = loop.create_task(self._look_as_long_as_needed())
        self._woken.set()

    async def _look_as_long_as_needed(self) -> None:
        loop = asyncio.get_running_loop()
        while self._streams or self._waits:
            await asyncio.sleep(_TOGETHER_SECONDS)
            self._woken.clear()
            begun = loop.time()
            if await self._look():
                taken = loop.time() - begun
                metrics.streams_looked(taken)
                # However slow the store is, no more than half of the time is spent on looking.
                await self._pause(max(self._settings.stream_poll_seconds - _TOGETHER_SECONDS - taken, taken))
            else:
                await asyncio.sleep(max(self._settings.stream_poll_seconds, _LEAST_PAUSE_SECONDS))

    async def _look(self) -> bool:
        """Look into the store and tell what was found; returns whether the store has answered."""
        wanted, streams, waits = self._wanted(), list(self._streams), dict(self._waits)
        try:
            news = await run_sync(self._board.look, wanted, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
            self._tell(news, streams, waits)
        except SQLAlchemyError as error:
            log.warning("streams found no store that answers", error=type(error).__name__)
        except Exception:
            # Whatever it is, the next look may be fine; without any the streams would say nothing for ever.
            log.exception("unexpected error")
        else:
            return True
        for stream in self._streams:
            stream.restart(GapReason.STORE_UNAVAILABLE)
        return False

    def _tell(self, news: News, streams: Collection[Subscription], waits: dict[asyncio.Future[bool], _Wait]) -> None:
        """Only those who were there when the look began: what came before it is not in the news."""
        for stream in streams:
            stream.take(news)
        for future, wait in waits.items():
            if wait.job_ids <= news.over:
                _answer(future, ended=True)

    def _wanted(self) -> Wanted:
        feeds = {stream.feed for stream in self._streams}
        opening = [stream for stream in self._streams if stream.is_opening]
        return Wanted(
            jobs=_jobs(feeds),
            waits=frozenset().union(*(wait.job_ids for wait in self._waits.values())),
            teams={feed.team_id for feed in feeds if isinstance(feed, TeamFeed)},
            snapshots=_jobs({stream.feed for stream in opening}),
            openings={TeamOpening(s.feed, s.since) for s in opening if isinstance(s.feed, TeamFeed)},
            keys=self._keys(),
        )

    def _keys(self) -> set[str | None] | None:
        """The keys of all streams, if it is time to check them."""
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < self._settings.stream_recheck_seconds:
            return None
        self._checked_at = now
        return {stream.listener.key_id for stream in self._streams}

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


def _jobs(feeds: Collection[Feed]) -> frozenset[str]:
    return frozenset().union(*(feed.job_ids for feed in feeds if isinstance(feed, JobsFeed)))


def _answer(wait: asyncio.Future[bool], *, ended: bool) -> None:
    if not wait.done():
        wait.set_result(ended)
