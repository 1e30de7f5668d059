"""Bearing a service that does not answer for a while, as when it restarts."""

from __future__ import annotations

from collections.abc import Callable

from ayla._clock import Clock
from ayla._retry import is_retried, retry_after
from ayla.errors import APIConnectionError, APIError, APIStatusError
from ayla.models import Job

LONGEST_OUTAGE = 60.0
"""Seconds in a row without a proper answer after which a wait without a timeout gives up."""


class Patience:
    """Looks at jobs and bears failures that may pass.

    Args:
        clock: measures how long the service has not answered.
        bounded: whether failures are borne for ``LONGEST_OUTAGE`` only; else the caller decides when to stop.

    Attributes:
        answered: whether the last look had an answer.
    """

    def __init__(self, clock: Clock, *, bounded: bool = True) -> None:
        self.answered = True
        self._clock = clock
        self._bounded = bounded
        self._failing_since = 0.0
        self._asked = 0.0

    def look(self, fetch: Callable[[], Job]) -> Job | None:
        """The job, or None where the service gave no proper answer and the failure is borne.

        Raises:
            APIError: the failure is a lasting one, or the service has failed for too long.
        """
        try:
            job = fetch()
        except APIError as error:
            if not _may_pass(error) or self._exhausted():
                raise
            self._asked = _asked(error)
            return None
        self.answered, self._asked = True, 0.0
        return job

    def pause(self, usual: float) -> float:
        """Seconds until the next look: the usual ones, or more where the service asked for more."""
        return max(usual, self._asked)

    def _exhausted(self) -> bool:
        now = self._clock.monotonic()
        if self.answered:
            self.answered, self._failing_since = False, now
        return self._bounded and now - self._failing_since >= LONGEST_OUTAGE


def _may_pass(error: APIError) -> bool:
    if isinstance(error, APIStatusError):
        return is_retried(error.status, error.problem.slug)
    return isinstance(error, APIConnectionError)


def _asked(error: APIError) -> float:
    headers = error.response.headers if isinstance(error, APIStatusError) else {}
    return min(retry_after(headers.get("Retry-After")) or 0.0, LONGEST_OUTAGE)
