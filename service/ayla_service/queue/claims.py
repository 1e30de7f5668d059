"""Claiming: the best runnable shard for a worker, in one transaction that opens an attempt and its lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.trials import TrialPlan, plan_trials
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import Attempt, Checkpoint, Job, Shard, Trial
from ayla_service.db.session import Database, store_now
from ayla_service.queue.policy import claim_order
from ayla_service.states import AttemptOutcome, JobState, ShardState, TrialState


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """Who claims.

    Attributes:
        name: unique among running workers, for people.
        devices: which requested devices it can serve, of auto, cpu and cuda.
        environment: what makes its results repeatable: versions, threads, processor.
    """

    name: str
    devices: frozenset[str]
    environment: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedState:
    """A checkpoint of the shard, as the core packed it."""

    step: int
    data: bytes


@dataclass(frozen=True)
class Claim:
    """One attempt at one shard, to be presented with every write.

    Attributes:
        shard_id: the shard.
        job_id: its job.
        attempt: fencing token; a write with an older one is refused.
        resolved_spec: the job as resolved, as the store has it.
        trial_ids: id in the store by ``TrialPlan.index``.
        saved: checkpoints of earlier attempts, newest first.
    """

    shard_id: str
    job_id: str
    attempt: int
    resolved_spec: Mapping[str, Any]
    trial_ids: Mapping[int, str]
    saved: tuple[SavedState, ...]

    @cached_property
    def spec(self) -> ResolvedJobSpec:
        """The job. Read when it is needed, so that one this version cannot read fails its attempt, not the claim.

        Raises:
            pydantic.ValidationError: if another version wrote what this one does not know.
        """
        return ResolvedJobSpec.model_validate(self.resolved_spec)

    @cached_property
    def trials(self) -> tuple[TrialPlan, ...]:
        """The shard's trials, in order."""
        return tuple(plan for plan in plan_trials(self.spec) if plan.index in self.trial_ids)


def claim(database: Database, worker: WorkerIdentity, lease_seconds: float) -> Claim | None:
    """Take the best queued shard this worker can run; None if there is none."""
    with database.write() as session:
        best = _best(session, worker)
        if best is None:
            return None
        job, shard = best
        _open_attempt(session, job, shard, worker, lease_seconds)
        return _describe(session, job, shard)


def _best(session: Session, worker: WorkerIdentity) -> tuple[Job, Shard] | None:
    # Rows locked by another claim are passed over, so claims never wait for each other.
    row = session.execute(
        select(Job, Shard)
        .join(Shard, Shard.job_id == Job.id)
        .where(
            Shard.state == ShardState.QUEUED,
            Shard.device.in_(worker.devices),
            Job.cancel_requested_at.is_(None),
            Job.error_type.is_(None),
        )
        .order_by(*claim_order())
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    return None if row is None else (row[0], row[1])


def _open_attempt(session: Session, job: Job, shard: Shard, worker: WorkerIdentity, lease_seconds: float) -> None:
    now = store_now(session)
    shard.state = ShardState.RUNNING
    shard.attempt += 1
    shard.lease_expires_at = now + timedelta(seconds=lease_seconds)
    session.add(_new_attempt(shard, worker, now))
    if job.state == JobState.QUEUED:
        job.state, job.started_at = JobState.RUNNING, now
    session.execute(
        update(Trial)
        .where(Trial.shard_id == shard.id, Trial.state == TrialState.QUEUED)
        .values(state=TrialState.RUNNING)
    )


def _new_attempt(shard: Shard, worker: WorkerIdentity, now: datetime) -> Attempt:
    return Attempt(
        shard_id=shard.id,
        number=shard.attempt,
        worker=worker.name,
        outcome=AttemptOutcome.RUNNING,
        environment=dict(worker.environment),
        started_at=now,
        heartbeat_at=now,
    )


def _describe(session: Session, job: Job, shard: Shard) -> Claim:
    ids = session.execute(select(Trial.index, Trial.id).where(Trial.shard_id == shard.id).order_by(Trial.index))
    saved = session.scalars(select(Checkpoint).where(Checkpoint.shard_id == shard.id).order_by(Checkpoint.step.desc()))
    return Claim(
        shard_id=shard.id,
        job_id=job.id,
        attempt=shard.attempt,
        resolved_spec=job.resolved_spec,
        trial_ids=dict(ids.all()),
        saved=tuple(SavedState(row.step, row.data) for row in saved),
    )
