"""Timers: when a worker looks for work that nobody has told it of."""

from collections.abc import Callable
from typing import Protocol

from ayla_service.db.session import Database
from ayla_service.queue.sweep import sweep
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings

_SECONDS_WITHOUT_BROKER = 1.0


class Timer(Protocol):
    """When to look, and what to do after work."""

    def seconds(self) -> float:
        """Seconds to wait for a request."""
        ...

    def is_due(self) -> bool:
        """Whether to claim although no request came."""
        ...

    def worked(self) -> None:
        """A request was served, and there was work."""
        ...


class PollTimer:
    """Without a broker: the store is looked at every so often."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def seconds(self) -> float:
        """Always the same."""
        return self._seconds

    def is_due(self) -> bool:
        """Always."""
        return True

    def worked(self) -> None:
        """Do nothing: the next look is the wake-up."""


class SweepTimer:
    """With a broker: what waits is told to the broker, so that a task brings it; only without it is work claimed here.

    A worker whose node listens sends what wake-ups may have been lost. If work still waits at its next look, the node
    is deaf, and the worker claims by itself.

    Args:
        settings: how often.
        database: the store.
        wake_up: over the broker.
        is_listening: whether messages can come, as far as this side knows.
    """

    def __init__(
        self, settings: Settings, database: Database, wake_up: WakeUp, is_listening: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._database = database
        self._wake_up = wake_up
        self._is_listening = is_listening
        self._reminded = False

    def seconds(self) -> float:
        """A second while the broker is away."""
        longest = min(self._settings.sweep_seconds, self._settings.lease_seconds)
        return longest if self._is_listening() else min(longest, _SECONDS_WITHOUT_BROKER)

    def is_due(self) -> bool:
        """Whether the broker is away, or its messages do not arrive."""
        if not self._is_listening():
            return True
        deaf, self._reminded = self._reminded, sweep(self._database, self._wake_up)
        return deaf and self._reminded

    def worked(self) -> None:
        """Send the next wake-ups, while work waits."""
        self._reminded = False
        sweep(self._database, self._wake_up)
