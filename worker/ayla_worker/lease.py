"""Keeps a lease while something else than training gets on: it is renewed by progress, never by mere time."""

import time
from collections.abc import Callable


class LeaseKeeper:
    """Renews a lease when it is told of progress and the last renewal is some time ago.

    Args:
        renew: renews it; what it raises passes through.
        every_seconds: least time between two renewals.
        on_progress: told after each renewal.
    """

    def __init__(
        self, renew: Callable[[], object], every_seconds: float, on_progress: Callable[[], None] = lambda: None
    ) -> None:
        self._renew = renew
        self._every_seconds = every_seconds
        self._on_progress = on_progress
        self._renewed_at = time.monotonic()

    def keep(self) -> None:
        """Say that there is progress."""
        if time.monotonic() - self._renewed_at >= self._every_seconds:
            self._renew()
            self._renewed_at = time.monotonic()
            self._on_progress()
