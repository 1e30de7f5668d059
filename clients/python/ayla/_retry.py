"""Retries: which errors are transient, and how long to wait before a request is sent again."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ayla.errors import APIConnectionError, APIError, APIStatusError

FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A service that asks for more is better reported to the caller than waited for in silence."""

# Beyond these the longest delay is reached many times over, and a float could not hold the power.
_MAX_DOUBLINGS = 30
_RETRIED_STATUSES = frozenset({408, 429})
_DAMAGED = "store-damaged"
# Not the shared generator of the random module: a program that seeds that one wants its own draws from it only.
_JITTER = random.Random()  # noqa: S311 - spreading load, not a secret


def is_transient(error: APIError) -> bool:
    """Whether the same request may succeed later: no answer, or a status that passes."""
    if isinstance(error, APIStatusError):
        return is_transient_status(error.status, error.problem.slug)
    return isinstance(error, APIConnectionError)


def is_transient_status(status: int, slug: str) -> bool:
    """Whether an answer of this status and problem slug may be another one later."""
    if slug == _DAMAGED:
        return False
    return status in _RETRIED_STATUSES or status >= 500


def retry_delay(attempt: int, headers: Mapping[str, str]) -> float | None:
    """Seconds to wait before retry number ``attempt`` (from 0), or None where waiting would take too long.

    ``Retry-After`` (seconds or an HTTP date) decides where it is given; otherwise exponential backoff with jitter: the
    delay doubles with each attempt and is shortened at random by up to half, so that clients that failed together do
    not come back together.
    """
    requested = retry_after(headers.get("Retry-After"))
    if requested is not None:
        return requested if requested <= LONGEST_RETRY_AFTER else None
    doublings = min(attempt, _MAX_DOUBLINGS)
    delay = min(LONGEST_DELAY, FIRST_DELAY * (1 << doublings))
    return delay * _JITTER.uniform(0.5, 1.0)


def retry_after(value: str | None) -> float | None:
    """The seconds a ``Retry-After`` header asks for; None where there is none, or it makes no sense."""
    if value is None:
        return None
    seconds = value.strip(" \t")  # what HTTP calls white space; str.strip takes more of it away than float does
    if seconds.isascii() and seconds.isdecimal():
        return float(seconds)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
