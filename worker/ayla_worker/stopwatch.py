"""Stopwatch for computing time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stopwatch:
    """Computing time, without what is spent on the store."""

    _since: float = field(default_factory=time.perf_counter)

    def lap(self) -> float:
        """Seconds since the start, or since ``start``."""
        return time.perf_counter() - self._since

    def start(self) -> None:
        """Count from now on."""
        self._since = time.perf_counter()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What happens within does not count."""
        seconds = self.lap()
        yield
        self._since = time.perf_counter() - seconds
