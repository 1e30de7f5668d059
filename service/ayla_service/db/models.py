"""The tables. A job has trials, cut into shards; each execution of a shard is an attempt.

Invariants that the program relies on stand here as constraints, so that no code path can break them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.states import AttemptOutcome, JobState, ShardState, TrialState, values

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_Id = String(36)
_State = String(16)


def _one_of(column: str, states: type[JobState] | type[ShardState] | type[TrialState] | type[AttemptOutcome]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values(states))})"


def _partial(name: str, condition: str, *columns: str) -> Index:
    """An index of the rows that meet a condition only, so that finished work does not make it grow."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=_NAMING)


class Job(Base):
    """What a user submitted: one spec, one place in the queue."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(_State)
    priority: Mapped[int] = mapped_column(default=0)
    """As a process's niceness: what is lower goes first, 0 is normal."""
    submitted_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    resolved_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    steps_total: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_type: Mapped[str | None] = mapped_column(String(100))
    error_detail: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(_one_of("state", JobState), name="state"),
        CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'running'))", name="finished"),
        CheckConstraint("paused_at IS NULL OR state IN ('queued', 'running')", name="paused"),
        Index(None, "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        Index(None, "finished_at"),
    )


class JobTag(Base):
    """A tag of a job, for filtering; with the job's own time, so that a page of one tag is read from the index."""

    __tablename__ = "job_tags"

    job_id: Mapped[str] = mapped_column(_Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(50), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "tag", "created_at", "job_id"),)


class IdempotencyKey(Base):
    """Which job a key made, so that a repeated request finds it instead of making another."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_digest: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(_Id, ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Shard(Base):
    """A slice of a job's trials that one worker runs at once: the unit of claiming.

    ``attempt`` is the fencing token: it only grows, and a write of results that carries an older one is refused.
    ``priority`` and ``queued_at`` are the job's, so that the best shard is the first of one index, however many wait.
    """

    __tablename__ = "shards"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    job_id: Mapped[str] = mapped_column(_Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    index: Mapped[int]
    state: Mapped[str] = mapped_column(_State)
    device: Mapped[str] = mapped_column(String(8))
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cost: Mapped[float] = mapped_column(default=0.0)
    """Estimated seconds of one CPU core."""
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    available_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a delayed shard is queued again."""

    __table_args__ = (
        CheckConstraint(_one_of("state", ShardState), name="state"),
        CheckConstraint("(lease_expires_at IS NOT NULL) = (state = 'running')", name="lease"),
        CheckConstraint("(available_at IS NOT NULL) = (state = 'delayed')", name="delay"),
        UniqueConstraint("job_id", "index"),
        Index(None, "state", "lease_expires_at"),
        _partial("ix_shards_queue", "state = 'queued'", "device", "priority", "queued_at", "job_id", "index"),
        _partial("ix_shards_delayed", "state = 'delayed'", "available_at"),
    )


class Attempt(Base):
    """One execution of a shard by one worker."""

    __tablename__ = "attempts"

    shard_id: Mapped[str] = mapped_column(_Id, ForeignKey("shards.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(_State)
    device: Mapped[str | None] = mapped_column(String(100))
    environment: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_step: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_type: Mapped[str | None] = mapped_column(String(100))
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(_one_of("outcome", AttemptOutcome), name="outcome"),
        CheckConstraint("(ended_at IS NULL) = (outcome = 'running')", name="ended"),
        _partial("ix_attempts_running", "outcome = 'running'", "worker"),
    )


class Worker(Base):
    """A worker process that has registered itself; its running attempts name it."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    devices: Mapped[list[str]] = mapped_column(JSON)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    environment: Mapped[dict[str, Any]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Trial(Base):
    """One optimizer setting with one seed: the unit of result. Its summary is part of the row."""

    __tablename__ = "trials"

    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    job_id: Mapped[str] = mapped_column(_Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    shard_id: Mapped[str] = mapped_column(_Id, ForeignKey("shards.id", ondelete="CASCADE"), index=True)
    index: Mapped[int]
    optimizer_index: Mapped[int]
    label: Mapped[str] = mapped_column(String(250))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    seed: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(_State)
    steps_done: Mapped[int] = mapped_column(default=0)
    final_loss: Mapped[float | None]
    best_loss: Mapped[float | None]
    best_step: Mapped[int | None]
    first_nonfinite_step: Mapped[int | None]
    capped_steps: Mapped[int] = mapped_column(default=0)
    wall_seconds: Mapped[float] = mapped_column(default=0.0)
    device: Mapped[str | None] = mapped_column(String(100))

    __table_args__ = (
        CheckConstraint(_one_of("state", TrialState), name="state"),
        UniqueConstraint("job_id", "index"),
    )


class Chunk(Base):
    """Consecutive recorded rows of one trial's trajectory, as one Arrow IPC stream.

    Keyed by the first step, so writing a chunk again changes nothing. ``attempt`` is the one that wrote it; None where
    that was not kept yet.
    """

    __tablename__ = "chunks"

    trial_id: Mapped[str] = mapped_column(_Id, ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True)
    first_step: Mapped[int] = mapped_column(primary_key=True)
    last_step: Mapped[int]
    rows: Mapped[int]
    attempt: Mapped[int | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class MetricChunk(Base):
    """Consecutive rows of one trial's metrics, as one Arrow IPC stream; keyed and written like ``Chunk``."""

    __tablename__ = "metrics"

    trial_id: Mapped[str] = mapped_column(_Id, ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True)
    first_step: Mapped[int] = mapped_column(primary_key=True)
    last_step: Mapped[int]
    rows: Mapped[int]
    attempt: Mapped[int | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class PredictionSet(Base):
    """A model's predictions on its dataset at one step, as one Arrow IPC stream."""

    __tablename__ = "predictions"

    trial_id: Mapped[str] = mapped_column(_Id, ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """The whole state of a running shard at one step; gone when the shard ends."""

    __tablename__ = "checkpoints"

    shard_id: Mapped[str] = mapped_column(_Id, primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (ForeignKeyConstraint(["shard_id"], ["shards.id"], ondelete="CASCADE"),)
