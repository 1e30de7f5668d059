"""Retry policy: another attempt after a pause, or the end of the job, by the kind of error. Pure rules."""

from dataclasses import dataclass
from enum import StrEnum

from ayla_service.settings import Settings

LONGEST_PAUSE_SECONDS = 300.0
_MOST_DOUBLINGS = 30


class ErrorType(StrEnum):
    """Kind of error of a failed attempt. The store keeps it with the attempt, and the job has it if it fails of it."""

    WORKER_LOST = "worker-lost"
    STEP_TOO_LONG = "step-too-long"
    OUT_OF_MEMORY = "out-of-memory"
    STORE_UNAVAILABLE = "store-unavailable"
    UNEXPECTED = "unexpected-error"
    DATASET_UNUSABLE = "dataset-unusable"
    SPEC_UNREADABLE = "spec-unreadable"
    TIME_LIMIT = "time-limit-exceeded"
    MEMORY_LIMIT = "memory-limit-exceeded"


PERMANENT = frozenset(
    {ErrorType.DATASET_UNUSABLE, ErrorType.SPEC_UNREADABLE, ErrorType.TIME_LIMIT, ErrorType.MEMORY_LIMIT}
)
"""Errors that another attempt would meet again."""

_PAUSE_FACTOR = {
    # The lease has run out before: that was the pause.
    ErrorType.WORKER_LOST: 0.0,
    ErrorType.STEP_TOO_LONG: 0.0,
    # What else needs the memory should be gone by then.
    ErrorType.OUT_OF_MEMORY: 5.0,
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Number and pauses of the attempts at a shard.

    Attributes:
        max_attempts: that many failures in a row, without a new checkpoint between them, fail the job.
        pause_seconds: the pause after the first failure of most kinds; it doubles with each one more.
    """

    max_attempts: int
    pause_seconds: float

    def pause(self, error: ErrorType, failures: int) -> float | None:
        """Seconds to wait after the ``failures``-th failure in a row; None if there is to be no other attempt."""
        if error in PERMANENT or failures >= self.max_attempts:
            return None
        factor = _PAUSE_FACTOR.get(error, 1.0) if failures == 1 else max(1.0, _PAUSE_FACTOR.get(error, 1.0))
        return min(LONGEST_PAUSE_SECONDS, self.pause_seconds * factor * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))


def policy_of(settings: Settings) -> RetryPolicy:
    """The policy that the settings name."""
    return RetryPolicy(settings.max_attempts, settings.retry_seconds)
