"""What is told about jobs and trials; plain values, apart from the store's rows and from HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ayla_service.states import TrialState


@dataclass(frozen=True, slots=True)
class Progress:
    """Steps done and steps asked for, over all trials; ``fraction`` in [0, 1] counts a diverged trial as whole."""

    steps_done: int
    steps_total: int
    fraction: float


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed."""

    type: str
    detail: str


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """How many attempts at the shards of a job there were; ``failed`` and ``lost`` of ``total`` came to nothing."""

    total: int = 0
    failed: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class JobView:
    """A job.

    Attributes:
        version: grows with every change that a user makes.
        owner: name of the member who submitted it.
        status_detail: what it waits for, if that is not plain from its state.
    """

    id: str
    version: int
    owner: str
    name: str | None
    project: str | None
    tags: list[str]
    notes: str | None
    preset: str | None
    state: str
    priority: str
    status_detail: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    paused_at: datetime | None
    archived_at: datetime | None
    trials: dict[TrialState, int]
    attempts: AttemptCounts
    progress: Progress
    error: JobError | None
    spec: dict[str, Any]
    resolved: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AttemptError:
    """Why an attempt failed or was lost."""

    type: str
    detail: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One execution of a shard by a worker.

    Attributes:
        shard_id: the shard.
        shard_index: its place in the job, from 0.
        number: of the attempts at this shard, from 1.
        worker: name of the worker.
        outcome: running, or how it went.
        device: where it ran; None before the worker has said so.
        first_step: from which step it went on; 0 at the start, or where it has not begun to compute.
        environment: what makes its results repeatable: versions, threads, processor.
    """

    shard_id: str
    shard_index: int
    number: int
    worker: str
    outcome: str
    device: str | None
    first_step: int
    started_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None
    error: AttemptError | None
    environment: dict[str, Any]
