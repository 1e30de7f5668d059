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
    """As a job's, and two ways of waiting without being claimed.

    Back from running to queued when a lease is handed back; delayed for a while after a failure; paused with its job.
    """

    QUEUED = "queued"
    DELAYED = "delayed"
    PAUSED = "paused"
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
    """Outcome of an attempt at a shard; lost means that its lease expired."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    LOST = "lost"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """Role of a member in its team: a viewer reads, a member also submits, an admin also manages the team."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"


class LabelKind(StrEnum):
    """Kind of a job's label."""

    TAG = "tag"
    PROJECT = "project"
    PROBLEM = "problem"
    OPTIMIZER = "optimizer"


class DeliveryState(StrEnum):
    """A delivery of a webhook is pending until it is received, or given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


WITH_RESULT = (TrialState.COMPLETED, TrialState.DIVERGED)
UNFINISHED_JOB = (JobState.QUEUED, JobState.RUNNING)
WAITING_SHARD = (ShardState.QUEUED, ShardState.DELAYED, ShardState.PAUSED)
UNFINISHED_SHARD = (*WAITING_SHARD, ShardState.RUNNING)
UNFINISHED_TRIAL = (TrialState.QUEUED, TrialState.RUNNING)


def values(states: type[StrEnum]) -> list[str]:
    """The state names, as the store writes them."""
    return [state.value for state in states]


PRIORITIES = {"urgent": -20, "high": -10, "normal": 0, "low": 10}
"""What users call a job's priority, and its number in the store: as a process's niceness, the lower goes first."""


def priority_name(number: int) -> str:
    """Name of a stored priority; of a number between two names the nearest."""
    return min(PRIORITIES, key=lambda name: abs(PRIORITIES[name] - number))
