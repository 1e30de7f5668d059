"""Jobs, their shards with the summaries of their trials, attempts and workers.

A job has trials, numbered from 0 and cut into shards; each execution of a shard is an attempt. No row stands for one
trial: what it is follows from the job's spec, and its summary is part of its shard's.

Invariants that the program relies on stand here as constraints, so that no code path can break them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models.base import ID, NAME, STATE, Base, one_of, partial
from ayla_service.states import AttemptOutcome, JobState, LabelKind, ShardState


class JobRow(Base):
    """A job: one spec, one place in the queue."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    team_id: Mapped[str] = mapped_column(ID, ForeignKey("teams.id"))
    owner_id: Mapped[str] = mapped_column(ID, ForeignKey("members.id"))
    name: Mapped[str | None] = mapped_column(String(200))
    project: Mapped[str | None] = mapped_column(NAME)
    tags: Mapped[list[str]] = mapped_column(JSON)
    notes: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(STATE)
    priority: Mapped[int] = mapped_column(default=0)
    """As a process's niceness: what is lower goes first, 0 is normal."""
    submitted_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    resolved_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    search_text: Mapped[str] = mapped_column(Text, default="")
    """What a search by text looks through, in lower case: name, project, tags, notes, problem, optimizers."""
    trials_total: Mapped[int]
    steps_total: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    """Size of its results, once it has ended; until then its shards have it."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change that a user makes."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Of the last change of its state, or by a user; progress does not count."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_type: Mapped[str | None] = mapped_column(String(100))
    error_detail: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(String(50))
    """Id of the trial of another job that it computes again; null of any other job."""
    best_due: Mapped[bool | None]
    """True as long as its best settings are to be computed again once it has succeeded; else null."""

    __table_args__ = (
        CheckConstraint(one_of("state", JobState), name="state"),
        CheckConstraint("(finished_at IS NULL) = (state IN ('queued', 'running'))", name="finished"),
        CheckConstraint("paused_at IS NULL OR state IN ('queued', 'running')", name="paused"),
        CheckConstraint("archived_at IS NULL OR finished_at IS NOT NULL", name="archived"),
        # With the sizes, so that their sum for a limit is read from the index alone.
        Index(None, "team_id", "created_at", "id", "stored_bytes"),
        Index(None, "team_id", "state", "created_at", "id"),
        Index(None, "team_id", "updated_at", "id"),
        Index(None, "owner_id", "created_at", "id", "stored_bytes"),
        Index(None, "state"),
        Index(None, "finished_at"),
        partial("ix_jobs_paused", "paused_at IS NOT NULL", "team_id", "created_at", "id"),
        partial("ix_jobs_origin", "origin IS NOT NULL", "origin"),
        partial("ix_jobs_best_due", "best_due IS NOT NULL", "finished_at"),
    )


class JobLabelRow(Base):
    """Label by which lists of jobs are filtered: a tag, an optimizer, the problem or the project.

    It has the job's own time, so that a page of one label is read from the index.
    """

    __tablename__ = "job_labels"

    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(STATE, primary_key=True)
    label: Mapped[str] = mapped_column(NAME, primary_key=True)
    team_id: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(one_of("kind", LabelKind), name="kind"),
        Index(None, "team_id", "kind", "label", "created_at", "job_id"),
    )


class ShardRow(Base):
    """Consecutive trials of a job that one worker runs at once: the unit of claiming.

    ``attempt`` is the fencing token: it only grows, and a write of results that carries an older one is refused.
    ``priority``, ``queued_at`` and ``owner_id`` are the job's, so that the best shard of each owner is the first of one
    index, however many wait.
    """

    __tablename__ = "shards"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"))
    team_id: Mapped[str] = mapped_column(ID)
    owner_id: Mapped[str] = mapped_column(ID)
    index: Mapped[int]
    state: Mapped[str] = mapped_column(STATE)
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
    first_trial: Mapped[int]
    """Index in the job of the first of its trials."""
    trials: Mapped[int]
    completed: Mapped[int] = mapped_column(default=0)
    """How many of its trials have completed; this and what follows moves with their summaries."""
    diverged: Mapped[int] = mapped_column(default=0)
    steps_done: Mapped[int] = mapped_column(BigInteger, default=0)
    """Updates of all its trials together."""
    completed_steps: Mapped[int] = mapped_column(BigInteger, default=0)
    """Those of them of the trials that have completed."""
    diverged_steps: Mapped[int] = mapped_column(BigInteger, default=0)
    """Likewise of those that have diverged."""
    step: Mapped[int] = mapped_column(default=0)
    """Updates of the trial that has made most of them."""
    result_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    """Size of the trajectories, metrics and predictions of its trials."""

    __table_args__ = (
        CheckConstraint(one_of("state", ShardState), name="state"),
        CheckConstraint("(lease_expires_at IS NOT NULL) = (state = 'running')", name="lease"),
        CheckConstraint("(available_at IS NOT NULL) = (state = 'delayed')", name="delay"),
        CheckConstraint("trials > 0 AND completed + diverged <= trials", name="trials"),
        UniqueConstraint("job_id", "index"),
        UniqueConstraint("job_id", "first_trial"),
        Index(None, "state", "lease_expires_at"),
        partial(
            "ix_shards_queue", "state = 'queued'", "device", "priority", "owner_id", "queued_at", "job_id", "index"
        ),
        partial("ix_shards_delayed", "state = 'delayed'", "available_at"),
    )


class AttemptRow(Base):
    """One execution of a shard by one worker."""

    __tablename__ = "attempts"

    shard_id: Mapped[str] = mapped_column(ID, ForeignKey("shards.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(STATE)
    device: Mapped[str | None] = mapped_column(String(100))
    environment: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_step: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_type: Mapped[str | None] = mapped_column(String(100))
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(one_of("outcome", AttemptOutcome), name="outcome"),
        CheckConstraint("(ended_at IS NULL) = (outcome = 'running')", name="ended"),
        partial("ix_attempts_running", "outcome = 'running'", "worker"),
    )


class WorkerRow(Base):
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


class TrialSummariesRow(Base):
    """Summaries of a shard's trials so far, as columns (see ``ayla_service.trials.columns``).

    Written anew with each block of steps; there is none before the first.
    """

    __tablename__ = "trial_summaries"

    shard_id: Mapped[str] = mapped_column(ID, ForeignKey("shards.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int]
    """The attempt that wrote them."""
    data: Mapped[bytes] = mapped_column(LargeBinary)


class TrialIdRow(Base):
    """Id that a trial had in a store of an earlier version."""

    __tablename__ = "trial_ids"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"))
    trial_index: Mapped[int]

    __table_args__ = (UniqueConstraint("job_id", "trial_index"),)


class JobPointsRow(Base):
    """Points of a job: the values of an arm's axes in consecutive settings, as one Arrow IPC stream.

    Drawn once, when the job was submitted: another version of the library that drew them may draw others.
    """

    __tablename__ = "job_points"

    job_id: Mapped[str] = mapped_column(ID, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    first_setting: Mapped[int] = mapped_column(primary_key=True)
    """Number in the job of the first of these settings, which are of one arm."""
    settings: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
