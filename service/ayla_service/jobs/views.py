"""What is told about jobs and trials; plain values, apart from the store's rows and from HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from ayla_service.states import TrialState

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; ``next_cursor`` asks for the next, None on the last."""

    items: list[Item]
    next_cursor: str | None


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
class SummaryView:
    """The result of a trial in numbers.

    Attributes:
        final_loss: loss after the last step; None if the trial diverged.
        best_loss: lowest finite loss of all steps; None if there was none.
        best_step: the first step with it.
        first_nonfinite_step: where a diverged trial's loss or parameters stopped being finite.
        capped_steps: steps on which AYLA's weight cap or max_scale acted.
        losses_below_one: how many losses that an update followed were below 1 in size, but not 0; one for each update,
            or where AYLA transforms each sample one for each of its samples. None if nobody has counted.
        losses_above_one: likewise above 1.
        notes: what a reader should know: which exponents had no effect.
        wall_seconds: computing time of the shard until the trial ended, shared with the trials beside it.
        steps_per_second: steps of this trial per second of that time; None if no time was measured.
        device: where it ran.
    """

    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int
    losses_below_one: int | None
    losses_above_one: int | None
    notes: list[str]
    wall_seconds: float
    steps_per_second: float | None
    device: str | None


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial; ``summary`` is there once it has completed or diverged."""

    id: str
    job_id: str
    index: int
    optimizer_index: int
    label: str
    optimizer: dict[str, Any]
    seed: int
    state: str
    steps_done: int
    summary: SummaryView | None


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
