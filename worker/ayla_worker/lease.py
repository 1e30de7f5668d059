"""Keeps leases while there is progress, never by mere time: whoever gets on renews, or a thread that looks at marks."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from ayla_core.progress import ComputationProgress, ComputationStopped, reporting_to
from ayla_service.queue.retries import ErrorType
from sqlalchemy.exc import DBAPIError

from ayla_worker.watchdog import EXIT_STATUS

_log = structlog.get_logger("ayla.worker")

_LOOKS = 20
"""In the time of a lease."""

_RENEWALS = 3
_MOST_SILENT = 0.9
"""Share of a lease after which nothing is waited for any more: the store has to be told before it is over."""

_LONGEST_LOOK_SECONDS = 0.5

GRACE_SECONDS = 5.0
"""How long what is told to stop may take to notice it before the process ends."""

PATIENCE_GROWTH = 3.0
LONGEST_PATIENCE_SECONDS = 900.0


class StepTooLong(Exception):
    """Something that cannot be looked into took longer than the lease.

    Attributes:
        error_type: what the store keeps.
    """

    error_type = ErrorType.STEP_TOO_LONG

    def __init__(self, doing: str, seconds: float) -> None:
        super().__init__(
            f"{doing} took longer than the lease of {seconds:g} s, and nothing showed that it gets on. "
            "Use fewer parameters or samples, a smaller batch_size, or a longer lease (AYLA_LEASE_SECONDS)."
        )


def patience(lease_seconds: float, outlasted: int) -> float:
    """How long an attempt may show no progress: longer after each attempt that this was too short for.

    Args:
        lease_seconds: that of a first attempt.
        outlasted: how many attempts at the same shard have failed of it.
    """
    longest = max(lease_seconds, LONGEST_PATIENCE_SECONDS)
    return float(min(longest, lease_seconds * PATIENCE_GROWTH ** min(outlasted, 10)))


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


class LeaseWatch:
    """Renews the lease of what computes in another thread, as long as that gets on; and ends what does not.

    A step can take longer than a lease. What computes it counts how it gets on, and the watch renews the lease from
    that count. Where the count stands still for as long as the lease lasts, the attempt is told to have failed; where
    the lease turns out to be lost, or the job to be ending, nothing more of the computation is wanted. In each case it
    stops the next time it gets on; if it does not within ``GRACE_SECONDS``, the process ends, as nothing else can stop
    a single call. Whoever runs the worker starts it again.

    Args:
        seconds: of the lease.
        renew: renews it, in the watch's thread; raises what ends the attempt.
        outlasted: called with the error when nothing got on for too long, in the watch's thread.
        on_progress: told again and again for as long as the lease is kept.
        grace_seconds: see above.
        exit_process: what to do then. Default: leave the process at once.

    Attributes:
        progress: of the computation.
    """

    def __init__(
        self,
        seconds: float,
        renew: Callable[[], object],
        outlasted: Callable[[StepTooLong], object],
        on_progress: Callable[[], None] = lambda: None,
        grace_seconds: float = GRACE_SECONDS,
        exit_process: Callable[[int], object] = os._exit,
    ) -> None:
        self.progress = ComputationProgress()
        self._seconds = seconds
        self._renew = renew
        self._outlasted = outlasted
        self._on_progress = on_progress
        self._grace_seconds = grace_seconds
        self._exit = exit_process
        self._left = threading.Event()
        self._renewed_at = time.monotonic()
        self._is_waiting = False
        self._reason: Exception = ComputationStopped()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what this thread computes within the context.

        Raises:
            Exception: what ended the attempt, in place of ``ComputationStopped``.
        """
        threading.Thread(target=self._watch, name="lease", daemon=True).start()
        try:
            with reporting_to(self.progress):
                yield
        except ComputationStopped:
            raise self._reason from None
        finally:
            self._left.set()

    def waiting(self) -> None:
        """Say that the computation waits for the store, which has a patience of its own."""
        self._is_waiting = True

    def computing(self) -> None:
        """Say that the computation goes on, and that its lease was renewed meanwhile."""
        self._renewed_at = time.monotonic()
        self._is_waiting = False

    def _watch(self) -> None:
        look = min(_LONGEST_LOOK_SECONDS, self._seconds / _LOOKS)
        renewed = seen = self.progress.count
        silent, before = 0.0, time.monotonic()
        while not self._left.wait(look):
            now, count = time.monotonic(), self.progress.count
            # Not the whole time of a process that was frozen: it could not get on.
            silent = 0.0 if count != seen or self._is_waiting else silent + min(now - before, 3 * look)
            seen, before = count, now
            if silent >= _MOST_SILENT * self._seconds:
                self._give_up()
            elif count != renewed and not self._is_waiting and now - self._renewed_at >= self._seconds / _RENEWALS:
                renewed = count
                self._keep()
            if self.progress.stopping:
                self._see_it_stop()
                return
            if not self._is_waiting:
                self._on_progress()

    def _keep(self) -> None:
        try:
            self._renew()
        except DBAPIError as error:
            _log.warning("the lease could not be renewed", error=type(error.orig).__name__)
        except Exception as reason:
            self._stop(reason)
        else:
            self._renewed_at = time.monotonic()

    def _give_up(self) -> None:
        error = StepTooLong(self.progress.activity, self._seconds)
        _log.error("no progress for as long as the lease", error=str(error))
        reason: Exception = error
        try:
            self._outlasted(error)
        except DBAPIError as away:
            _log.warning("the store could not be told", error=type(away.orig).__name__)
        except Exception as lost:
            reason = lost
        self._stop(reason)

    def _stop(self, reason: Exception) -> None:
        self._reason = reason
        self.progress.stop()

    def _see_it_stop(self) -> None:
        if not self._left.wait(self._grace_seconds):
            _log.error("what is computed does not stop; the worker ends itself", doing=self.progress.activity)
            self._exit(EXIT_STATUS)
