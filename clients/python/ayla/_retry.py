"""Whether a failed request is sent again, and when."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A service that asks for more is better reported to the caller than waited for in silence."""

# Beyond these the longest delay is reached many times over, and a float could not hold the power.
_MOST_DOUBLINGS = 30
_RETRIED_STATUSES = frozenset({408, 429})
# Our own first attempt may still be in flight when its answer was lost; the same key then meets this conflict.
_IN_FLIGHT = "idempotency-conflict"
_DAMAGED = "store-damaged"
# Not the shared generator of the random module: a program that seeds that one wants its own draws from it only.
_JITTER = random.Random()  # noqa: S311 - spreading load, not a secret


def is_retried(status: int, slug: str) -> bool:
    """Whether an answer of this status and problem slug may turn out otherwise next time."""
    if slug == _DAMAGED:
        return False
    return status in _RETRIED_STATUSES or status >= 500 or (status == 409 and slug == _IN_FLIGHT)


def retry_delay(attempt: int, headers: Mapping[str, str]) -> float | None:
    """Seconds to wait before retry number ``attempt`` (from 0), or None where waiting would take too long.

    ``Retry-After`` (seconds or an HTTP date) decides where it is given; otherwise the delay doubles with each attempt
    and is shortened at random by up to half, so that clients that failed together do not come back together.
    """
    asked = retry_after(headers.get("Retry-After"))
    if asked is not None:
        return asked if asked <= LONGEST_RETRY_AFTER else None
    doublings = min(attempt, _MOST_DOUBLINGS)
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
