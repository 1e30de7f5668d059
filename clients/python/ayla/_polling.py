"""Polling of jobs until they have finished, through outages of the service such as a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ayla._clock import Clock
from ayla._retry import is_transient, retry_after
from ayla.errors import APIError, APIStatusError, JobCancelled, JobFailed
from ayla.models.jobs import JobData

if TYPE_CHECKING:
    from ayla.models import Job

LONGEST_OUTAGE = 60.0
"""Seconds in a row without a proper answer after which a wait without a timeout gives up."""

FIRST_INTERVAL = 0.1
LONGEST_INTERVAL = 2.0
GROWTH = 1.5

J = TypeVar("J", bound=JobData)


class Outage:
    """Counts how long a service has not answered, and says when that is too long.

    Args:
        monotonic: the clock.
        bounded: whether errors are tolerated for ``LONGEST_OUTAGE`` only; else the caller decides when to stop.

    Attributes:
        answered: whether the last request had an answer.
    """

    def __init__(self, monotonic: Callable[[], float], *, bounded: bool = True) -> None:
        self.answered = True
        self._monotonic = monotonic
        self._bounded = bounded
        self._failing_since = 0.0
        self._retry_after = 0.0

    def over(self) -> None:
        """The service has answered."""
        self.answered, self._retry_after = True, 0.0

    def tolerate(self, error: APIError) -> None:
        """The service gave no proper answer.

        Raises:
            APIError: this one, as it is not transient, or the service has failed for too long.
        """
        if not is_transient(error) or self._exhausted():
            raise error
        self._retry_after = _retry_after(error)

    def interval(self, usual: float) -> float:
        """Seconds until the next request: the usual ones, or more where the service asked for more."""
        return max(usual, self._retry_after)

    def _exhausted(self) -> bool:
        now = self._monotonic()
        if self.answered:
            self.answered, self._failing_since = False, now
        return self._bounded and now - self._failing_since >= LONGEST_OUTAGE


class JobPoller:
    """Fetches jobs, and tolerates transient errors.

    Args:
        clock: measures how long the service has not answered.
        bounded: as of ``Outage``.
    """

    def __init__(self, clock: Clock, *, bounded: bool = True) -> None:
        self._outage = Outage(clock.monotonic, bounded=bounded)

    @property
    def answered(self) -> bool:
        """Whether the last poll had an answer."""
        return self._outage.answered

    def poll(self, fetch: Callable[[], Job]) -> Job | None:
        """The job, or None where the service gave no proper answer and the error is tolerated.

        Raises:
            APIError: the error is not transient, or the service has failed for too long.
        """
        try:
            job = fetch()
        except APIError as error:
            self._outage.tolerate(error)
            return None
        self._outage.over()
        return job

    def interval(self, usual: float) -> float:
        """Seconds until the next poll: the usual ones, or more where the service asked for more."""
        return self._outage.interval(usual)


def succeeded(job: J) -> J:
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
