"""What the API answers about attempts and workers."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from ayla_service.jobs.views import AttemptView, Page
from ayla_service.queue.workers import WorkerState, WorkerView
from ayla_service.states import AttemptOutcome


class AttemptError(BaseModel):
    """Why an attempt came to nothing."""

    type: str = Field(examples=["worker-lost"])
    detail: str


class Attempt(BaseModel):
    """One execution of a shard by a worker."""

    shard_id: str
    shard_index: int = Field(description="Place of the shard in the job, from 0.")
    number: int = Field(description="Which attempt at this shard, from 1.")
    worker: str = Field(description="Name of the worker.")
    outcome: AttemptOutcome = Field(
        description="Released: handed back to be gone on with. Lost: the worker stopped answering."
    )
    device: str | None = Field(description="Where it ran; null before it has begun to compute.")
    first_step: int = Field(description="The step from which it went on.")
    started_at: datetime
    heartbeat_at: datetime = Field(description="The last sign of progress.")
    ended_at: datetime | None
    error: AttemptError | None
    environment: dict[str, Any] = Field(
        description="What results depend on to the last bit: versions, threads, processor."
    )


class AttemptPage(BaseModel):
    """One page of the attempts at a job, oldest first."""

    data: list[Attempt]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[AttemptView]) -> Self:
        """The answer for one page."""
        return cls.model_validate({"data": [asdict(view) for view in page.items], "next_cursor": page.next_cursor})


class RunningAttempt(BaseModel):
    """What a worker works on."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


class Worker(BaseModel):
    """A process that runs jobs."""

    name: str
    state: WorkerState = Field(description="Lost: silent, without having said that it stops.")
    host: str
    pid: int
    device: str = Field(description="What it computes on.")
    devices: list[str] = Field(description="Which devices of a job spec it serves.", examples=[["auto", "cpu"]])
    memory_bytes: int = Field(description="Memory of the machine, or of the GPU that it computes on.")
    environment: dict[str, Any] = Field(
        description="What results depend on to the last bit: versions, threads, processor."
    )
    started_at: datetime
    heartbeat_at: datetime = Field(description="The last sign of life.")
    stopped_at: datetime | None
    attempts: list[RunningAttempt] = Field(description="What it runs; several where small shards run together.")


class WorkerList(BaseModel):
    """All workers."""

    data: list[Worker]
    next_cursor: str | None = Field(None, description="Always null: the list is complete.")

    @classmethod
    def of(cls, views: Sequence[WorkerView]) -> Self:
        """The answer for all workers."""
        return cls(data=[Worker.model_validate(asdict(view)) for view in views])
