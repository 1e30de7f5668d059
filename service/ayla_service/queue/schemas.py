"""Answers about the queue itself: how a team's queue is switched, and the workers with what they run."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from ayla_service.schemas import FrozenModel


class Switches(FrozenModel):
    """Whether a team's queue takes and starts jobs; what runs goes on in any case."""

    paused_at: datetime | None = Field(description="Since when nothing of it is started; null: it is.")
    draining_at: datetime | None = Field(description="Since when nothing is put on it; null: it is.")


class WorkerState(StrEnum):
    """Whether a worker has work; lost means that it is silent and has not said that it stops."""

    IDLE = "idle"
    BUSY = "busy"
    LOST = "lost"
    STOPPED = "stopped"


class RunningAttempt(FrozenModel):
    """What a worker works on."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


class Worker(FrozenModel):
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
