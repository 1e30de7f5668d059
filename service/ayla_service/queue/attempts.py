"""Writes of an attempt, each in one transaction and fenced by the attempt's number.

A write by an attempt that is no longer the current one changes nothing and raises ``LeaseLost``. Every write can be
repeated when it is not known whether the commit arrived.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ayla_service.db.models import AttemptRow, CheckpointRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.accounting import attempt_correction, settle
from ayla_service.queue.claimed import Claim, SavedState
from ayla_service.queue.lifecycle import end_shard, fail_or_requeue, is_ending, requeue
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.states import AttemptOutcome, ShardState
from ayla_service.trials.columns import Summaries
from ayla_service.trials.progress import ShardProgress, advance, read_summaries, rewound, write_summaries
from ayla_service.trials.writer import AttemptResults, NewResults, discard_from, insert, measured

_CHECKPOINTS_KEPT = 2  # the one before the newest is the fallback when the newest cannot be read


class LeaseLost(Exception):
    """Another attempt owns the shard now, or the job has ended; this one must stop and write nothing more."""


class HeartbeatReply(Enum):
    """Reply of the store to a heartbeat."""

    CONTINUE = auto()
    STOP = auto()
    """The job is to be cancelled, or a shard of it has failed for good."""
    RELEASE = auto()
    """The job is paused: the shard is to be checkpointed and released."""


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """Results of one block of steps, committed together or not at all.

    Attributes:
        step: updates made by its end.
        checkpoint: the shard's whole state after the block; None where none is due yet.
        trials: the summary of every trial of the shard, in order; seconds and bytes are those of the block.
        results: new rows of trajectories, metrics and predictions.
        finished: whether the shard is done.
        device: where it was computed; None leaves what is stored.
    """

    step: int
    checkpoint: SavedState | None
    trials: Summaries
    results: NewResults
    finished: bool
    device: str | None = None


def begin(database: Database, claim: Claim, step: int, device: str, lease_seconds: float) -> None:
    """Store the step from which the attempt starts, and renew the lease; rows beyond that step are dropped.

    A shard's first attempt starts at step 0 with nothing recorded, so it need not call this.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        _, shard = _current(session, claim)
        discard_from(session, claim.range, step)
        session.execute(
            delete(CheckpointRow).where(CheckpointRow.shard_id == claim.shard_id, CheckpointRow.step > step)
        )
        attempt = _attempt(session, claim)
        attempt.first_step, attempt.device = step, device
        shard.lease_expires_at = store_now(session) + timedelta(seconds=lease_seconds)
        stored = read_summaries(session, {claim.shard_id: claim.range.trials})[claim.shard_id]
        trials = rewound(stored, step, device, measured(session, claim.range))
        write_summaries(session, [ShardProgress(claim.shard_id, claim.attempt, step, trials)])


def renew(database: Database, claim: Claim, lease_seconds: float) -> HeartbeatReply:
    """Renew the lease without writing anything else, as while data are fetched.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    with database.write() as session:
        job, shard = _current(session, claim)
        _beat(session, claim, shard, lease_seconds)
        return _reply(job)


def outlasted(database: Database, claim: Claim) -> int:
    """Number of attempts at the shard that have failed because something in them took longer than the lease."""
    query = select(func.count()).where(
        AttemptRow.shard_id == claim.shard_id,
        AttemptRow.error_type == ErrorType.STEP_TOO_LONG,
        AttemptRow.number < claim.attempt,
    )
    with database.read() as session:
        return session.scalar(query) or 0


def record(database: Database, claim: Claim, block: RecordedBlock, lease_seconds: float) -> HeartbeatReply:
    """Store a block of steps and renew the lease; ends the shard if the block is the last.

    Returns:
        What the attempt is to do next; after the last block always to continue.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """
    if block.finished:
        _end(database, claim, AttemptOutcome.SUCCEEDED, lambda session, *found: _finish(session, claim, block, *found))
        return HeartbeatReply.CONTINUE
    with database.write() as session:
        job, shard = _current(session, claim)
        # A block that is written again, as nobody knows whether its commit arrived, counts once.
        if block.step > shard.step:
            _write(session, claim, block)
        _beat(session, claim, shard, lease_seconds)
        if block.checkpoint is not None:
            _save(session, claim, shard, block.checkpoint)
        return _reply(job)


def release(database: Database, claim: Claim, checkpoint: SavedState | None = None) -> None:
    """Hand the shard back to the queue, to go on from its last checkpoint; not counted as a failure.

    Args:
        database: the store.
        claim: the attempt.
        checkpoint: the state at the last block that was recorded, kept in the same transaction.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """

    def give_back(session: Session, job: JobRow, shard: ShardRow, now: datetime) -> None:
        if checkpoint is not None:
            _save(session, claim, shard, checkpoint)
        requeue(session, job, shard, now)

    _end(database, claim, AttemptOutcome.RELEASED, give_back)


def cancel(database: Database, claim: Claim) -> None:
    """End the shard because its job is ending.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """

    def give_up(session: Session, _job: JobRow, shard: ShardRow, now: datetime) -> None:
        end_shard(session, shard, ShardState.CANCELLED, now)

    _end(database, claim, AttemptOutcome.CANCELLED, give_up)


def fail(database: Database, claim: Claim, error_type: ErrorType, error: str, policy: RetryPolicy) -> None:
    """Record that the attempt failed; the policy decides between another attempt and the end of the job.

    Args:
        database: the store.
        claim: the attempt.
        error_type: the kind of error.
        error: what went wrong; for a permanent error the whole text that the job's user reads.
        policy: decides what follows.

    Raises:
        LeaseLost: if the attempt is not the current one.
    """

    def count(session: Session, job: JobRow, shard: ShardRow, now: datetime) -> None:
        attempt = _attempt(session, claim)
        attempt.error_type, attempt.error = error_type, error
        fail_or_requeue(session, job, shard, error_type, error, policy, now)

    _end(database, claim, AttemptOutcome.FAILED, count)


def _end(
    database: Database,
    claim: Claim,
    outcome: AttemptOutcome,
    follow: Callable[[Session, JobRow, ShardRow, datetime], None],
) -> None:
    """Close the attempt with an outcome, and do what follows from it; once, however often it is asked for."""
    with database.write() as session:
        try:
            job, shard = _current(session, claim, ends=True)
        except LeaseLost:
            if _has_ended(session, claim, outcome):
                return  # an earlier try had been committed, though its answer did not arrive
            raise
        now = store_now(session)
        attempt = _attempt(session, claim)
        attempt.outcome, attempt.heartbeat_at, attempt.ended_at = outcome, now, now
        follow(session, job, shard, now)
        settle(session, [attempt_correction(session, shard, attempt, now)], now)


def _finish(session: Session, claim: Claim, block: RecordedBlock, _job: JobRow, shard: ShardRow, now: datetime) -> None:
    _write(session, claim, block)
    end_shard(session, shard, ShardState.SUCCEEDED, now)


def _write(session: Session, claim: Claim, block: RecordedBlock) -> None:
    insert(session, [AttemptResults(claim.job_id, claim.attempt, block.results)])
    advance(session, [ShardProgress(claim.shard_id, claim.attempt, block.step, block.trials)])
    if block.device is not None:
        _attempt(session, claim).device = block.device


def _current(session: Session, claim: Claim, *, ends: bool = False) -> tuple[JobRow, ShardRow]:
    """Lock the shard, if the claim still holds; and before it the job, if the attempt is to end.

    A heartbeat does not lock the job: those of its other shards, and whoever wants to pause or end it, would have to
    wait for each other, and of many workers the last would wait for longer than its lease.
    """
    jobs = select(JobRow).where(JobRow.id == claim.job_id)
    if ends:
        session.scalars(jobs.with_for_update(key_share=True)).one_or_none()
    shard = session.scalars(
        select(ShardRow)
        .where(ShardRow.id == claim.shard_id, ShardRow.attempt == claim.attempt, ShardRow.state == ShardState.RUNNING)
        .with_for_update(key_share=True)
    ).one_or_none()
    # Numbers alone come again when a store is restored from a backup while a worker goes on.
    if shard is None or _attempt(session, claim).worker != claim.worker:
        raise LeaseLost(f"attempt {claim.attempt} at shard {claim.shard_id} is no longer the current one")
    return session.scalars(jobs).one(), shard


def _has_ended(session: Session, claim: Claim, outcome: AttemptOutcome) -> bool:
    attempt = session.get(AttemptRow, (claim.shard_id, claim.attempt))
    return attempt is not None and (attempt.worker, attempt.outcome) == (claim.worker, outcome)


def _reply(job: JobRow) -> HeartbeatReply:
    if is_ending(job):
        return HeartbeatReply.STOP
    return HeartbeatReply.RELEASE if job.paused_at is not None else HeartbeatReply.CONTINUE


def _attempt(session: Session, claim: Claim) -> AttemptRow:
    return session.get_one(AttemptRow, (claim.shard_id, claim.attempt))


def _beat(session: Session, claim: Claim, shard: ShardRow, lease_seconds: float) -> None:
    now = store_now(session)
    _attempt(session, claim).heartbeat_at = now
    shard.lease_expires_at = now + timedelta(seconds=lease_seconds)


def _save(session: Session, claim: Claim, shard: ShardRow, checkpoint: SavedState) -> None:
    # Only failures in a row count: a shard that gets on between them will get to its end. Rows alone are no progress:
    # the next attempt makes those beyond the checkpoint again, and may be killed at the same step again.
    newest = session.scalar(select(func.max(CheckpointRow.step)).where(CheckpointRow.shard_id == claim.shard_id))
    if checkpoint.step > (newest or 0):
        shard.failures = 0
    row = CheckpointRow(shard_id=claim.shard_id, step=checkpoint.step, attempt=claim.attempt, data=checkpoint.data)
    session.merge(row)
    session.flush()
    kept = (
        select(CheckpointRow.step)
        .where(CheckpointRow.shard_id == claim.shard_id)
        .order_by(CheckpointRow.step.desc())
        .limit(_CHECKPOINTS_KEPT)
    )
    session.execute(
        delete(CheckpointRow).where(CheckpointRow.shard_id == claim.shard_id, CheckpointRow.step.not_in(kept))
    )
