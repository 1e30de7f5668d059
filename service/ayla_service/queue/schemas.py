"""Answers about the queue itself: the switches of a team's queue, and the workers with what they run."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from ayla_service.schemas import FrozenModel


class Switches(FrozenModel):
    """Switches of a team's queue: whether it takes and starts jobs; what runs goes on in any case."""

    paused_at: datetime | None = Field(description="Time since which nothing is started; null if it is not paused.")
    draining_at: datetime | None = Field(description="Time since which no job is taken; null if it is not draining.")


class WorkerState(StrEnum):
    """State of a worker; lost means that it is silent and has not said that it stops.

    Preparing means that it has just started: it loads its libraries, compiles its kernels, and serves no device yet.
    """

    PREPARING = "preparing"
    IDLE = "idle"
    BUSY = "busy"
    LOST = "lost"
    STOPPED = "stopped"


class RunningAttempt(FrozenModel):
    """Attempt that a worker runs."""

    job_id: str
    shard_id: str
    number: int
    since: datetime


class Worker(FrozenModel):
    """A process that runs jobs."""

    name: str
    state: WorkerState = Field(
        description="Preparing: just started, it serves no device yet. Lost: silent, without having said that it stops."
    )
    host: str
    pid: int
    device: str = Field(description="Processor or GPU that it computes on; empty while it prepares.")
    devices: list[str] = Field(description="Devices of a job spec that it serves.", examples=[["auto", "cpu"]])
    memory_bytes: int = Field(description="Memory of the machine, or of the GPU that it computes on.")
    environment: dict[str, Any] = Field(
        description="What results depend on to the last bit: versions, threads, processor."
    )
    started_at: datetime
    heartbeat_at: datetime = Field(description="The last sign of life.")
    stopped_at: datetime | None
    attempts: list[RunningAttempt] = Field(description="Running attempts; several where small shards run together.")
