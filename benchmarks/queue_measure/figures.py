"""Percentiles of what was measured, and waiting with a limit."""

import math
import time
from collections.abc import Callable, Sequence

from measure.timing import duration, seconds

_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.005


class TooLong(RuntimeError):
    """Something did not happen in the time that it may take at most."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value; of an even number the lower of the two."""
    return percentile(values, 0.5)


def shown(values: Sequence[float], *shares: float) -> list[str]:
    """Percentiles of seconds for a table."""
    return [duration(percentile(values, share)) for share in shares]


def times(run: Callable[[], object], count: int) -> list[float]:
    """Seconds of each of some calls, one after the other."""
    return [seconds(run) for _ in range(count)]


def wait_until(
    condition: Callable[[], object], what: str, limit: float = _PATIENCE_SECONDS, look: float = _LOOK_SECONDS
) -> None:
    """Return when the condition holds.

    Raises:
        TooLong: if it does not within ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TooLong(f"still waiting after {limit:g} s: {what}")
        time.sleep(look)
