"""What an attempt may write, each in one transaction and fenced by its number.

A write by an attempt that is no longer the current one changes nothing and raises ``LeaseLost``. Every write can be
repeated when it is not known whether the commit arrived.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Double, bindparam, case, delete, or_, select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import Attempt, Checkpoint, Job, Shard, Trial
from ayla_service.db.session import Database, store_now
from ayla_service.queue.claims import Claim
from ayla_service.queue.lifecycle import end_shard, fail_for_good, fail_or_requeue, is_ending, requeue
from ayla_service.results.writer import NewResults, discard_from, insert
from ayla_service.states import UNFINISHED_TRIAL, AttemptOutcome, ShardState, TrialState

_CHECKPOINTS_KEPT = 2  # the one before the newest is the fallback when the newest cannot be read


class LeaseLost(Exception):
    """Another attempt owns the shard now, or the job has ended; this one must stop and write nothing more."""


@dataclass(frozen=True, slots=True)
class TrialProgress:
    """Where a trial stands after a block of steps; the fields are those of its summary."""

    trial_id: str
    state: TrialState
    steps_done: int
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """All that one block of steps adds to the store, committed together or not at all.

    Attributes:
        step: the step that ``checkpoint`` continues from.
        checkpoint: the shard's whole state.
        trials: every trial of the shard.
        results: new rows of trajectories and predictions.
        seconds: time spent computing the block.
        finished: whether the shard is done.
    """

    step: int
    checkpoint: bytes
    trials: list[TrialProgress]
    results: NewResults
    seconds: float
    finished: bool


def begin(database: Database, claim: Claim, step: int, device: str, lease_seconds: float) -> None:
    """Say from which step the attempt starts, and renew the lease; what was recorded beyond that step is dropped.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        _, shard = _current(session, claim)
        discard_from(session, list(claim.trial_ids.values()), step)
        session.execute(delete(Checkpoint).where(Checkpoint.shard_id == claim.shard_id, Checkpoint.step > step))
        attempt = _attempt(session, claim)
        attempt.first_step, attempt.device = step, device
        shard.lease_expires_at = store_now(session) + timedelta(seconds=lease_seconds)
        session.execute(
            update(Trial)
            .where(Trial.shard_id == claim.shard_id, Trial.state.in_(UNFINISHED_TRIAL))
            .values(device=device, steps_done=step)
        )


def record(database: Database, claim: Claim, block: RecordedBlock, lease_seconds: float) -> bool:
    """Store a block of steps and renew the lease; ends the shard if the block is the last.

    Returns:
        Whether the attempt is to stop, because its job is ending.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        job, shard = _current(session, claim)
        now = store_now(session)
        insert(session, block.results)
        _update_trials(session, block)
        _attempt(session, claim).heartbeat_at = now
        if block.finished:
            _close(session, claim, AttemptOutcome.SUCCEEDED, now)
            end_shard(session, job, shard, ShardState.SUCCEEDED, now)
            return False
        shard.lease_expires_at = now + timedelta(seconds=lease_seconds)
        # Only failures in a row count: a shard that gets on between them will get to its end.
        shard.failures = 0
        _save(session, claim, block)
        return is_ending(job)


def release(database: Database, claim: Claim) -> None:
    """Hand the shard back to the queue, to go on from its last checkpoint; not counted as a failure.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        job, shard = _current(session, claim)
        now = store_now(session)
        _close(session, claim, AttemptOutcome.RELEASED, now)
        requeue(session, job, shard, now)


def cancel(database: Database, claim: Claim) -> None:
    """End the shard because its job is ending.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        job, shard = _current(session, claim)
        now = store_now(session)
        _close(session, claim, AttemptOutcome.CANCELLED, now)
        end_shard(session, job, shard, ShardState.CANCELLED, now)


def fail(database: Database, claim: Claim, error: str, max_attempts: int, *, permanent_type: str | None = None) -> None:
    """Say that the attempt failed: the shard is tried again, up to ``max_attempts`` times without progress.

    Args:
        database: the store.
        claim: the attempt.
        error: what went wrong; for a permanent error the whole text that the job's user reads.
        max_attempts: how many failures in a row fail the job.
        permanent_type: the type of an error that another attempt would meet again; it fails the job at once.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        job, shard = _current(session, claim)
        now = store_now(session)
        _close(session, claim, AttemptOutcome.FAILED, now, error)
        if permanent_type is not None:
            fail_for_good(session, job, shard, permanent_type, error, now)
        else:
            fail_or_requeue(session, job, shard, error, max_attempts, now)


def _current(session: Session, claim: Claim) -> tuple[Job, Shard]:
    """Lock the job, then the shard (always in this order), if the claim still holds."""
    job = session.scalars(select(Job).where(Job.id == claim.job_id).with_for_update()).one_or_none()
    shard = session.scalars(
        select(Shard)
        .where(Shard.id == claim.shard_id, Shard.attempt == claim.attempt, Shard.state == ShardState.RUNNING)
        .with_for_update()
    ).one_or_none()
    if job is None or shard is None:
        raise LeaseLost(f"attempt {claim.attempt} at shard {claim.shard_id} is no longer the current one")
    return job, shard


def _attempt(session: Session, claim: Claim) -> Attempt:
    return session.get_one(Attempt, (claim.shard_id, claim.attempt))


def _close(session: Session, claim: Claim, outcome: AttemptOutcome, now: datetime, error: str | None = None) -> None:
    attempt = _attempt(session, claim)
    attempt.outcome, attempt.ended_at, attempt.error = outcome, now, error


_PROGRESS = (
    "state", "steps_done", "final_loss", "best_loss", "best_step", "first_nonfinite_step", "capped_steps"
)  # fmt: skip

# One statement for all trials of a block: as many statements of their own took longer than computing the block.
_UPDATE_TRIAL = (
    update(Trial)
    .where(Trial.id == bindparam("this_trial"), or_(*(Trial.state == state for state in UNFINISHED_TRIAL)))
    .values(
        wall_seconds=Trial.wall_seconds
        + case((Trial.steps_done < bindparam("new_steps_done"), bindparam("seconds", type_=Double)), else_=0.0),
        **{name: bindparam(f"new_{name}") for name in _PROGRESS},
    )
)


def _update_trials(session: Session, block: RecordedBlock) -> None:
    """Trials that have ended keep their row as it is: a result never changes.

    Time is added for new steps only, so that writing a block again does not count it twice.
    """
    rows = [
        {"this_trial": trial.trial_id, "seconds": block.seconds}
        | {f"new_{name}": getattr(trial, name) for name in _PROGRESS}
        for trial in block.trials
    ]
    if rows:
        session.connection().execute(_UPDATE_TRIAL, rows)


def _save(session: Session, claim: Claim, block: RecordedBlock) -> None:
    session.merge(
        Checkpoint(
            shard_id=claim.shard_id,
            step=block.step,
            attempt=claim.attempt,
            data=block.checkpoint,
        )
    )
    session.flush()
    kept = (
        select(Checkpoint.step)
        .where(Checkpoint.shard_id == claim.shard_id)
        .order_by(Checkpoint.step.desc())
        .limit(_CHECKPOINTS_KEPT)
    )
    session.execute(delete(Checkpoint).where(Checkpoint.shard_id == claim.shard_id, Checkpoint.step.not_in(kept)))
