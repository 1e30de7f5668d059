"""The states that jobs, shards, trials and attempts can be in; the store checks them."""

from enum import StrEnum


class JobState(StrEnum):
    """queued → running → succeeded | failed | cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ShardState(StrEnum):
    """As a job's; back from running to queued when a lease expires or is handed back."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TrialState(StrEnum):
    """A trial ends with a result (completed, diverged) or shares its job's end (failed, cancelled)."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    DIVERGED = "diverged"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptOutcome(StrEnum):
    """How an execution of a shard went; lost means that its lease expired."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    LOST = "lost"
    CANCELLED = "cancelled"


UNFINISHED_JOB = (JobState.QUEUED, JobState.RUNNING)
UNFINISHED_SHARD = (ShardState.QUEUED, ShardState.RUNNING)
UNFINISHED_TRIAL = (TrialState.QUEUED, TrialState.RUNNING)


def values(states: type[StrEnum]) -> list[str]:
    """The state names, as the store writes them."""
    return [state.value for state in states]
