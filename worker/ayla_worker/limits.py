"""Limits of time and memory of an attempt, checked between blocks and, within a block, by a thread."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil
import torch
from ayla_service.queue.retries import ErrorType
from ayla_service.settings import Settings
from ayla_spec.jobspec import Limits

EXIT_STATUS = 71
_MIB = 2**20
_CHECK_SECONDS = 0.1


class LimitExceeded(Exception):
    """The job has used more than it may.

    Attributes:
        error_type: which limit.
    """

    def __init__(self, error_type: ErrorType, detail: str) -> None:
        super().__init__(detail)
        self.error_type = error_type


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Limits of one attempt.

    Attributes:
        seconds: computing time that is left; None: no limit.
        limit_seconds: the whole of it, over all attempts, for the message.
        memory_mb: MiB beyond those at the start of the attempt; None: no limit.
    """

    seconds: float | None
    limit_seconds: float | None
    memory_mb: int | None


def attempt_limits(limits: Limits, settings: Settings, seconds_used: float) -> AttemptLimits:
    """The stricter of what the job asks for and what the service allows, less what earlier attempts have used."""
    whole = _least(limits.seconds, settings.max_trial_seconds)
    left = None if whole is None else max(0.0, whole - seconds_used)
    memory = _least(limits.memory_mb, settings.max_job_memory_mb)
    return AttemptLimits(left, whole, None if memory is None else int(memory))


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def memory_used() -> int:
    """Bytes that this process has taken: of the GPU where it computes there, and of the machine."""
    on_device = torch.cuda.memory_reserved() if torch.cuda.is_available() else 0
    resident: int = psutil.Process().memory_info().rss
    return resident + on_device


class LimitMonitor:
    """Monitor of one attempt's limits, within its ``with`` block.

    Its time runs while ``computing``: neither waiting for the store nor fetching data is the job's fault. ``check`` is
    for the thread that computes. If it does not come to that, as when one block takes very long or fills the memory at
    once, ``end`` is called after ``grace_seconds`` to record the failure, and the process ends: nothing else can stop
    a computation in its middle. Whoever runs the worker starts it again.

    Args:
        limits: of the attempt.
        grace_seconds: how long a limit may be exceeded before the process ends; memory has a tenth of that.
        end: called from the thread that watches, with the limit that was exceeded.
        exit_process: what to do then. Default: leave the process at once.
    """

    def __init__(
        self,
        limits: AttemptLimits,
        grace_seconds: float,
        end: Callable[[LimitExceeded], None],
        exit_process: Callable[[int], object] = os._exit,
    ) -> None:
        self._limits = limits
        self._grace_seconds = grace_seconds
        self._end = end
        self._exit = exit_process
        self._used = 0.0
        self._computing_since: float | None = None
        self._memory_before = memory_used()
        self._left = threading.Event()

    def __enter__(self) -> Self:
        """Watch from now on; without any limit there is nothing to watch."""
        if self._limits.seconds is not None or self._limits.memory_mb is not None:
            threading.Thread(target=self._watch, name="limits", daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Watch no longer."""
        self._left.set()

    def computing(self) -> None:
        """Let the time run."""
        self._computing_since = time.monotonic()

    def waiting(self) -> None:
        """Let the time stand still."""
        self._used, self._computing_since = self._seconds(), None

    def check(self) -> None:
        """Check the limits.

        Raises:
            LimitExceeded: if it does not.
        """
        excess = self._excess()
        if excess is not None:
            raise excess

    def _seconds(self) -> float:
        since = self._computing_since
        return self._used + (0.0 if since is None else time.monotonic() - since)

    def _excess(self) -> LimitExceeded | None:
        if self._limits.seconds is not None and self._seconds() > self._limits.seconds:
            detail = f"The job's trials may compute for {self._limits.limit_seconds:g} s each; that time is over."
            return LimitExceeded(ErrorType.TIME_LIMIT, detail)
        taken = memory_used() - self._memory_before
        if self._limits.memory_mb is not None and taken > self._limits.memory_mb * _MIB:
            detail = f"The job may use {self._limits.memory_mb} MiB; its worker had taken {taken // _MIB} for it."
            return LimitExceeded(ErrorType.MEMORY_LIMIT, detail)
        return None

    def _is_computing(self) -> bool:
        return self._computing_since is not None

    def _watch(self) -> None:
        exceeded_at: float | None = None
        while not self._left.wait(_CHECK_SECONDS):
            excess = self._excess()
            # A computation that waits for the store comes to its next check by itself.
            if excess is None or not self._is_computing():
                exceeded_at = None
                continue
            exceeded_at = exceeded_at or time.monotonic()
            grace = self._grace_seconds / (10 if excess.error_type == ErrorType.MEMORY_LIMIT else 1)
            if time.monotonic() - exceeded_at > grace:
                self._end_process(excess)
                return

    def _end_process(self, excess: LimitExceeded) -> None:
        try:
            self._end(excess)
        finally:
            # Meanwhile the attempt may have come to its end after all, and the process to other work.
            if not self._left.is_set():
                self._exit(EXIT_STATUS)
