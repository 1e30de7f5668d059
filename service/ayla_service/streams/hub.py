"""Hub of all streams of this process: one poll of the store feeds them all, and the requests that wait for jobs."""

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
from ayla_service.streams.feeds import Feed, JobsFeed, PollRequest, PollResult, TeamFeed
from ayla_service.streams.poll import Poller
from ayla_service.streams.subscription import STOPPING, Subscriber, Subscription
from ayla_service.teams.principal import Credential, Principal

_TOGETHER_SECONDS = 0.02
"""Streams that start within this time share a poll."""

_RETRY_SECONDS = 1.0

log = structlog.get_logger("ayla_service.streams")


@dataclass(frozen=True, slots=True)
class _Waiter:
    """A request that waits: its member, and the jobs for whose end it waits."""

    member_id: str
    job_ids: frozenset[str]


class Hub:
    """Feeds the streams and the waiting requests of a process. Used on the event loop alone.

    As long as there are any, a thread polls the store for all of them together, and each stream gets its events.

    Args:
        database: the store.
        settings: of this process.
        encode: encodes an event.
    """

    def __init__(self, database: Database, settings: Settings, encode: Encode) -> None:
        self._database = database
        self._settings = settings
        self._encode = encode
        self._poller = Poller(database, encode)
        self._streams: set[Subscription] = set()
        self._waits: dict[asyncio.Future[bool], _Waiter] = {}
        self._polling: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._checked_at = 0.0
        self._stopped = False

    def __enter__(self) -> Self:
        """Accept streams."""
        self._stopped = False
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Accept none any more."""
        self.stop()

    def stop(self) -> None:
        """End all streams and all waiting, and accept nothing new; the server waits until they have ended."""
        self._stopped = True
        for stream in self._streams:
            stream.close(STOPPING)
        for wait in self._waits:
            _answer(wait, ended=False)
        if self._polling is not None:
            self._polling.cancel()

    def refuse_too_many(self, principal: Principal) -> None:
        """Check that one more stream of this member can be served.

        Raises:
            StreamsUnavailable: if this process has as many as it serves, or is about to stop.
            TooManyStreams: if the member has as many as it may have.
        """
        if not self._has_capacity:
            raise StreamsUnavailable
        if not self.can_open(principal.member_id):
            raise TooManyStreams(self._settings.max_member_streams)

    def can_open(self, member_id: str) -> bool:
        """Whether one more stream or waiting request of this member can be served: both count alike."""
        taken = Counter(stream.subscriber.member_id for stream in self._streams)
        taken.update(waiter.member_id for waiter in self._waits.values())
        return self._has_capacity and taken[member_id] < self._settings.max_member_streams

    @property
    def _has_capacity(self) -> bool:
        return not self._stopped and len(self._streams) + len(self._waits) < self._settings.max_streams

    @contextlib.contextmanager
    def subscribed(self, principal: Principal, feed: Feed, since: Position | None) -> Iterator[Subscription]:
        """A stream that is fed for as long as the block runs.

        Raises:
            StreamsUnavailable: if streams that started at the same moment have taken the last place.
            TooManyStreams: if others of the member have.
        """
        self.refuse_too_many(principal)
        subscriber = Subscriber(principal.member_id, principal.credential)
        stream = Subscription(feed, since, subscriber, self._encode, self._wake)
        self._streams.add(stream)
        metrics.streams_open(len(self._streams))
        self._wake()
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            metrics.streams_open(len(self._streams))

    async def wait_for_end(self, member_id: str, job_ids: Collection[str], seconds: float) -> bool:
        """Wait until all of these jobs have ended or are gone, so long at most; returns whether they have."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waits[answer] = _Waiter(member_id, frozenset(job_ids))
        self._wake()
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return False
        finally:
            del self._waits[answer]

    def _wake(self) -> None:
        if not self._stopped and (self._polling is None or self._polling.done()):
            loop = asyncio.get_running_loop()
            # The state of the last poll is old by now.
            self._poller = Poller(self._database, self._encode)
            self._woken, self._checked_at = asyncio.Event(), loop.time()
            self._polling = loop.create_task(self._poll_while_needed())
        self._woken.set()

    async def _poll_while_needed(self) -> None:
        loop = asyncio.get_running_loop()
        while self._streams or self._waits:
            await asyncio.sleep(_TOGETHER_SECONDS)
            self._woken.clear()
            begun = loop.time()
            if await self._poll():
                taken = loop.time() - begun
                metrics.streams_polled(taken)
                # However slow the store is, no more than half of the time is spent on polls.
                await self._pause(max(self._settings.stream_poll_seconds - _TOGETHER_SECONDS - taken, taken))
            else:
                await asyncio.sleep(max(self._settings.stream_poll_seconds, _RETRY_SECONDS))

    async def _poll(self) -> bool:
        """Poll the store and pass on what is new; returns whether the store has answered."""
        request, streams, waits = self._request(), list(self._streams), dict(self._waits)
        try:
            limiter = anyio.CapacityLimiter(1)
            result = await run_sync(self._poller.poll, request, abandon_on_cancel=True, limiter=limiter)
            self._pass_on(result, streams, waits)
        except SQLAlchemyError as error:
            log.warning("streams found no store that answers", error=type(error).__name__)
        except Exception:
            # The next poll may succeed; without any the streams would be silent for ever.
            log.exception("unexpected error")
        else:
            return True
        for stream in self._streams:
            stream.restart(GapReason.STORE_UNAVAILABLE)
        return False

    def _pass_on(
        self, result: PollResult, streams: Collection[Subscription], waits: dict[asyncio.Future[bool], _Waiter]
    ) -> None:
        """Feed those that were there when the poll began: its request did not have the others."""
        for stream in streams:
            stream.take(result)
        for future, waiter in waits.items():
            if waiter.job_ids <= result.ended:
                _answer(future, ended=True)

    def _request(self) -> PollRequest:
        feeds = {stream.feed for stream in self._streams}
        starting = [stream for stream in self._streams if stream.is_starting]
        first = {stream.feed for stream in starting}
        return PollRequest(
            jobs=_jobs(feeds),
            awaited=frozenset().union(*(waiter.job_ids for waiter in self._waits.values())),
            teams={feed.team_id for feed in feeds if isinstance(feed, TeamFeed)},
            snapshots=_jobs(first) | _unknown(first),
            team_starts={s.feed.start(s.since) for s in starting if isinstance(s.feed, TeamFeed)},
            credentials=self._credentials(),
        )

    def _credentials(self) -> set[Credential] | None:
        """What lets the callers of all streams in, if it is time to check it."""
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < self._settings.stream_recheck_seconds:
            return None
        self._checked_at = now
        return {stream.subscriber.credential for stream in self._streams}

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


def _jobs(feeds: Collection[Feed]) -> frozenset[str]:
    """Ids of the jobs that are followed with their trials."""
    return frozenset().union(*(feed.job_ids if isinstance(feed, JobsFeed) else feed.watched for feed in feeds))


def _unknown(feeds: Collection[Feed]) -> frozenset[str]:
    return frozenset().union(*(feed.unknown for feed in feeds if isinstance(feed, TeamFeed)))


def _answer(wait: asyncio.Future[bool], *, ended: bool) -> None:
    if not wait.done():
        wait.set_result(ended)
