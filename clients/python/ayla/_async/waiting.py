"""Waiting for a job: by its stream of events, and by polling where there is no stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx2

from ayla._async.events import AsyncEventStream
from ayla._async.objects import AsyncJob
from ayla._polling import FIRST_INTERVAL, GROWTH, LONGEST_INTERVAL, Outage, succeeded
from ayla._transport import segment
from ayla.errors import APIError, WaitTimeout
from ayla.models.events import END, Event

if TYPE_CHECKING:
    from ayla._async.client import AsyncClient

SILENCE_SECONDS = 20.0
"""The service shows every 15 seconds that it is there. With less time left than this, a read could outlast it."""

REFUSED_SECONDS = 30.0
"""After a refused stream the job is polled for so long before it is tried again."""


class AsyncJobWait:
    """One wait for one job; arguments and errors are those of ``jobs.wait``."""

    def __init__(
        self,
        client: AsyncClient,
        job: AsyncJob | str,
        *,
        timeout: float | None,
        poll: float | None,
        on_progress: Callable[[AsyncJob], None] | None,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        # The wait asks again by itself; retries within a poll would only make it overrun its timeout.
        self._patient, self._quick = client, client.with_options(max_retries=0)
        self._clock = client._transport.clock
        self._last = None if isinstance(job, str) else job
        self._job, self._timeout, self._poll = job, timeout, poll
        self._on_progress, self._on_event = on_progress, on_event
        self._deadline = None if timeout is None else self._clock.monotonic() + timeout
        self._outage = Outage(self._clock.monotonic, bounded=timeout is None)
        self._interval = FIRST_INTERVAL if poll is None else poll
        self._path = f"/v1/jobs/{segment(job)}/events"
        self._stream_from = self._clock.monotonic()

    async def run(self) -> AsyncJob:
        """The job, once it has succeeded."""
        while True:
            job = await self._look()
            if self._outage.answered and job.finished:
                return succeeded(job)
            if self._may_stream() and await self._follow(job):
                continue
            await self._sleep(job)

    async def _look(self) -> AsyncJob:
        """The job as it is now, or as it was last seen during an outage."""
        if self._last is None:
            self._last = await self._patient.jobs.get(self._job)
            self._report(self._last)
            return self._last
        try:
            self._last = await self._quick.jobs.get(self._job)
        except APIError as error:
            self._outage.tolerate(error)
            return self._last
        self._outage.over()
        self._report(self._last)
        return self._last

    def _left(self) -> float | None:
        return None if self._deadline is None else self._deadline - self._clock.monotonic()

    def _may_stream(self) -> bool:
        left = self._left()
        due = self._poll is None and self._clock.monotonic() >= self._stream_from
        return due and self._outage.answered and (left is None or left > SILENCE_SECONDS)

    async def _follow(self, job: AsyncJob) -> bool:
        """Follow the job by its events; whether it has ended by them."""
        stream = AsyncEventStream(self._quick, self._path, {}, None, of_one_job=True)
        try:
            async with aclosing(stream.read_once(timeout=httpx2.Timeout(SILENCE_SECONDS, connect=5.0))) as events:
                async for event in events:
                    if event is not None:
                        job = self._updated(job, event)
                    if not self._may_stream():
                        break
        except APIError:  # the poll that follows says what is wrong, where something is
            self._stream_from = self._clock.monotonic() + REFUSED_SECONDS
        else:
            self._stream_from = self._clock.monotonic() + FIRST_INTERVAL
        return stream.exhausted

    def _updated(self, job: AsyncJob, event: Event) -> AsyncJob:
        if self._on_event is not None:
            self._on_event(event)
        changed = job if event.name == END else job.with_news(event.data)  # at the end the whole job is fetched
        if changed is job:
            return job
        changed._attach(self._patient)
        self._last = changed
        self._report(changed)
        return changed

    def _report(self, job: AsyncJob) -> None:
        if self._on_progress is not None:
            self._on_progress(job)

    async def _sleep(self, job: AsyncJob) -> None:
        left = self._left()
        if self._timeout is not None and left is not None and left <= 0:
            raise WaitTimeout(job, self._timeout, answered=self._outage.answered)
        wanted = self._outage.interval(self._interval)
        await self._clock.sleep(wanted if left is None else min(wanted, left))
        self._interval = min(self._interval * GROWTH, LONGEST_INTERVAL) if self._poll is None else self._poll
