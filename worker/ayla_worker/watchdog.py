"""Watchdog that ends a worker without progress, so that whoever runs it starts a new one."""

import os
import threading
import time
from collections.abc import Callable

import structlog

_log = structlog.get_logger("ayla.worker")

EXIT_STATUS = 70


def _exit() -> None:
    # Not sys.exit: the thread that hangs would be waited for.
    os._exit(EXIT_STATUS)


class Watchdog:
    """Ends the process unless it is fed often enough.

    Args:
        seconds: longest time between two feedings; well above the lease, so that the shard belongs to another by then.
        end: what to do otherwise. Default: leave the process at once.
    """

    def __init__(self, seconds: float, end: Callable[[], None] = _exit) -> None:
        self._seconds = seconds
        self._end = end
        self._fed_at = time.monotonic()

    def feed(self) -> None:
        """The worker makes progress."""
        self._fed_at = time.monotonic()

    def start(self) -> None:
        """Watch from now on, in a thread of its own."""
        self.feed()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        while (left := self._fed_at + self._seconds - time.monotonic()) > 0:
            time.sleep(left)
        _log.error("no progress; the worker ends itself", seconds=self._seconds)
        self._end()
