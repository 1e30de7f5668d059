"""Polling of jobs until they have finished, through outages of the service such as a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ayla._clock import Clock
from ayla._retry import is_transient, retry_after
from ayla.errors import APIError, APIStatusError, JobCancelled, JobFailed, WaitTimeout
from ayla.models import Job

LONGEST_OUTAGE = 60.0
"""Seconds in a row without a proper answer after which a wait without a timeout gives up."""

FIRST_INTERVAL = 0.1
LONGEST_INTERVAL = 2.0
_GROWTH = 1.5


class JobPoller:
    """Fetches jobs, and tolerates transient errors.

    Args:
        clock: measures how long the service has not answered.
        bounded: whether errors are tolerated for ``LONGEST_OUTAGE`` only; else the caller decides when to stop.

    Attributes:
        answered: whether the last poll had an answer.
    """

    def __init__(self, clock: Clock, *, bounded: bool = True) -> None:
        self.answered = True
        self._clock = clock
        self._bounded = bounded
        self._failing_since = 0.0
        self._retry_after = 0.0

    def poll(self, fetch: Callable[[], Job]) -> Job | None:
        """The job, or None where the service gave no proper answer and the error is tolerated.

        Raises:
            APIError: the error is not transient, or the service has failed for too long.
        """
        try:
            job = fetch()
        except APIError as error:
            if not is_transient(error) or self._exhausted():
                raise
            self._retry_after = _retry_after(error)
            return None
        self.answered, self._retry_after = True, 0.0
        return job

    def interval(self, usual: float) -> float:
        """Seconds until the next poll: the usual ones, or more where the service asked for more."""
        return max(usual, self._retry_after)

    def _exhausted(self) -> bool:
        now = self._clock.monotonic()
        if self.answered:
            self.answered, self._failing_since = False, now
        return self._bounded and now - self._failing_since >= LONGEST_OUTAGE


@dataclass(frozen=True, slots=True)
class JobFetchers:
    """How a job is fetched.

    Attributes:
        first: while it is not known whether the job and the service exist; an error is raised.
        again: from then on; a transient error is tolerated.
    """

    first: Callable[[], Job]
    again: Callable[[], Job]


def wait_for(
    fetchers: JobFetchers,
    clock: Clock,
    *,
    known: Job | None,
    timeout: float | None,
    poll: float | None,
    on_progress: Callable[[Job], None] | None,
) -> Job:
    """Poll a job until it has finished.

    Arguments and errors are those of ``Jobs.wait``; ``known`` is the job where it was fetched before.
    """
    deadline = None if timeout is None else clock.monotonic() + timeout
    poller = JobPoller(clock, bounded=deadline is None)
    interval = FIRST_INTERVAL if poll is None else poll
    last = known
    while True:
        job = fetchers.first() if last is None else poller.poll(fetchers.again) or last
        if poller.answered and on_progress is not None:
            on_progress(job)
        if poller.answered and job.finished:
            return succeeded(job)
        left = None if deadline is None else deadline - clock.monotonic()
        if timeout is not None and left is not None and left <= 0:
            raise WaitTimeout(job, timeout, answered=poller.answered)
        wanted = poller.interval(interval)
        clock.sleep(wanted if left is None else min(wanted, left))
        interval = min(interval * _GROWTH, LONGEST_INTERVAL) if poll is None else poll
        last = job


def succeeded(job: Job) -> Job:
    """A finished job, if it succeeded.

    Raises:
        JobFailed: it failed.
        JobCancelled: it was cancelled.
    """
    if job.state == "failed":
        raise JobFailed(job)
    if job.state == "cancelled":
        raise JobCancelled(job)
    return job


def _retry_after(error: APIError) -> float:
    headers = error.response.headers if isinstance(error, APIStatusError) else {}
    return min(retry_after(headers.get("Retry-After")) or 0.0, LONGEST_OUTAGE)
