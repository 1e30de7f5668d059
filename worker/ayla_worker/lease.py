"""Renewal of leases while there is progress, never by mere time."""

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

_CHECKS_PER_LEASE = 20

_RENEWALS = 3
_MOST_SILENT = 0.9
"""Share of a lease without progress after which the attempt fails: that is written before the lease ends."""

_LONGEST_CHECK_SECONDS = 0.5

GRACE_SECONDS = 5.0
"""Time that a computation may go on after it was asked to stop, before the process ends."""

LEASE_GROWTH = 3.0
LONGEST_LEASE_SECONDS = 900.0


class StepTooLong(Exception):
    """A computation reported no progress for as long as the lease.

    Attributes:
        error_type: what the store keeps.
    """

    error_type = ErrorType.STEP_TOO_LONG

    def __init__(self, doing: str, seconds: float) -> None:
        super().__init__(
            f"{doing} took longer than the lease of {seconds:g} s, and nothing showed that it gets on. "
            "Use fewer parameters or samples, a smaller batch_size, or a longer lease (AYLA_LEASE_SECONDS)."
        )


def lease_after(lease_seconds: float, outlasted: int) -> float:
    """Seconds of an attempt's lease: longer after each attempt that it was too short for.

    Args:
        lease_seconds: that of a first attempt.
        outlasted: how many attempts at the same shard have failed of it.
    """
    longest = max(lease_seconds, LONGEST_LEASE_SECONDS)
    return float(min(longest, lease_seconds * LEASE_GROWTH ** min(outlasted, 10)))


class LeaseKeeper:
    """Renews a lease on progress, if the last renewal is some time ago.

    Args:
        renew: renews it; what it raises passes through.
        every_seconds: least time between two renewals.
        on_progress: called after each renewal.
    """

    def __init__(
        self, renew: Callable[[], object], every_seconds: float, on_progress: Callable[[], None] = lambda: None
    ) -> None:
        self._renew = renew
        self._every_seconds = every_seconds
        self._on_progress = on_progress
        self._renewed_at = time.monotonic()

    def keep(self) -> None:
        """Renew the lease, if that is due."""
        if time.monotonic() - self._renewed_at >= self._every_seconds:
            self._renew()
            self._renewed_at = time.monotonic()
            self._on_progress()


class LeaseWatch:
    """Renews the lease of a computation in another thread as long as that reports progress, and stops it otherwise.

    A step can take longer than a lease. The computation counts its progress, and the watch renews the lease from that
    count. The computation is stopped where the count stands still for as long as the lease, which is recorded as the
    attempt's failure; where the lease is lost; or where the job ends. It stops at its next report; if it does not
    within ``GRACE_SECONDS``, the process ends, as nothing else can stop a single call. Whoever runs the worker starts
    it again.

    Args:
        seconds: of the lease.
        renew: renews it, in the watch's thread; raises what ends the attempt.
        outlasted: called with the error when there was no progress for too long, in the watch's thread.
        on_progress: called at each check for as long as the lease is kept.
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
        self._ended = threading.Event()
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
            self._ended.set()

    def waiting(self) -> None:
        """The computation waits for the store, which has a time limit of its own."""
        self._is_waiting = True

    def computing(self) -> None:
        """The computation goes on; its lease was renewed meanwhile."""
        self._renewed_at = time.monotonic()
        self._is_waiting = False

    def _watch(self) -> None:
        look = min(_LONGEST_CHECK_SECONDS, self._seconds / _CHECKS_PER_LEASE)
        renewed = seen = self.progress.count
        silent, before = 0.0, time.monotonic()
        while not self._ended.wait(look):
            now, count = time.monotonic(), self.progress.count
            # Not the whole time of a process that was frozen: it could not compute.
            silent = 0.0 if count != seen or self._is_waiting else silent + min(now - before, 3 * look)
            seen, before = count, now
            if silent >= _MOST_SILENT * self._seconds:
                self._give_up()
            elif count != renewed and not self._is_waiting and now - self._renewed_at >= self._seconds / _RENEWALS:
                renewed = count
                self._keep()
            if self.progress.stopping:
                self._await_stop()
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
            _log.warning("the failure could not be recorded", error=type(away.orig).__name__)
        except Exception as lost:
            reason = lost
        self._stop(reason)

    def _stop(self, reason: Exception) -> None:
        self._reason = reason
        self.progress.stop()

    def _await_stop(self) -> None:
        if not self._ended.wait(self._grace_seconds):
            _log.error("what is computed does not stop; the worker ends itself", activity=self.progress.activity)
            self._exit(EXIT_STATUS)
