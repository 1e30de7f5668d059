"""Workers and their attempts at the shards of jobs."""

from datetime import datetime
from typing import Any

from pydantic import Field

from ayla.models.base import ResponseModel


class AttemptError(ResponseModel):
    """Why an attempt failed or was lost; ``type`` is a slug such as ``worker-lost`` or ``out-of-memory``."""

    type: str
    detail: str

    def __str__(self) -> str:
        return f"{self.type}: {self.detail}"


class Attempt(ResponseModel):
    """One execution of a shard, which is a slice of a job's trials, by a worker.

    Attributes:
        shard_index: place of the shard in the job, from 0.
        number: which attempt at this shard, from 1.
        worker: name of the worker.
        outcome: running, succeeded, failed, released (handed back), lost (the worker stopped answering) or cancelled.
        device: where it ran; None before it has begun to compute.
        first_step: the step from which it went on.
        heartbeat_at: the last sign of progress.
        environment: versions, threads and processor, on which the last bits of results depend.
    """

    shard_id: str
    shard_index: int
    number: int
    worker: str
    outcome: str
    device: str | None = None
    first_step: int = 0
    started_at: datetime
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    error: AttemptError | None = None
    environment: dict[str, Any] = Field(default_factory=dict)

    @property
    def title(self) -> str:
        """Number and shard, for people."""
        return f"Attempt {self.number} at shard {self.shard_index}"

    def __str__(self) -> str:
        return f"{self.title} by {self.worker}: {self.outcome}{f' ({self.error})' if self.error else ''}"


class RunningAttempt(ResponseModel):
    """An attempt that a worker runs."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


class Worker(ResponseModel):
    """A process that runs jobs.

    Attributes:
        state: preparing (just started), idle, busy, lost (silent, without having said that it stops) or stopped.
        host: its machine.
        pid: the process there.
        device: the one that it computes on.
        devices: which devices of a job spec it serves.
        memory_bytes: of the machine, or of the GPU that it computes on.
        environment: versions, threads and processor, on which the last bits of results depend.
        heartbeat_at: its last report that it is alive.
        attempts: those that it runs; several where small shards run together.
    """

    name: str
    state: str
    host: str = ""
    pid: int | None = None
    device: str = ""
    devices: tuple[str, ...] = ()
    memory_bytes: int | None = None
    environment: dict[str, Any] = Field(default_factory=dict)
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    stopped_at: datetime | None = None
    attempts: tuple[RunningAttempt, ...] = ()

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs that it works on, each once."""
        return tuple(dict.fromkeys(attempt.job_id for attempt in self.attempts))

    def __str__(self) -> str:
        runs = f", runs {', '.join(self.job_ids)}" if self.attempts else ""
        return f"Worker {self.name} ({self.device}): {self.state}{runs}"
