"""How shards and jobs end: the one place where a job's state changes after its first claim.

Callers hold the locks on the job's and the shard's rows.
"""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import Checkpoint, Job, Shard, Trial
from ayla_service.states import UNFINISHED_SHARD, UNFINISHED_TRIAL, JobState, ShardState, TrialState

_TRIAL_END = {ShardState.CANCELLED: TrialState.CANCELLED, ShardState.FAILED: TrialState.FAILED}


def request_cancel(session: Session, job: Job, now: datetime) -> None:
    """Cancel what is queued at once; running shards stop at their next heartbeat."""
    if job.cancel_requested_at is None:
        job.cancel_requested_at = now
    _end_queued_shards(session, job, ShardState.CANCELLED)
    settle(session, job, now)


def end_shard(session: Session, job: Job, shard: Shard, state: ShardState, now: datetime) -> None:
    """Put a shard into a final state, its unfinished trials with it, and end the job if this was the last."""
    shard.state, shard.lease_expires_at = state, None
    session.execute(delete(Checkpoint).where(Checkpoint.shard_id == shard.id))
    if state in _TRIAL_END:
        _end_trials(session, shard.id, _TRIAL_END[state])
    settle(session, job, now)


def is_ending(job: Job) -> bool:
    """Whether nothing more of the job is to run: it is to be cancelled, or one of its shards has failed for good."""
    return job.cancel_requested_at is not None or job.error_type is not None


def requeue(session: Session, job: Job, shard: Shard, now: datetime) -> None:
    """Back to the queue; or cancelled, if the job is ending."""
    if is_ending(job):
        end_shard(session, job, shard, ShardState.CANCELLED, now)
        return
    shard.state, shard.lease_expires_at = ShardState.QUEUED, None


def fail_or_requeue(session: Session, job: Job, shard: Shard, error: str, max_attempts: int, now: datetime) -> None:
    """Count an attempt that failed or was lost; ``max_attempts`` of them without progress between fail the job."""
    shard.failures += 1
    if shard.failures < max_attempts or is_ending(job):
        requeue(session, job, shard, now)
        return
    detail = f"Gave up after {shard.failures} attempts without progress. The last error: {error}"
    _fail_job(session, job, shard, "attempts-exhausted", detail, now)


def fail_for_good(session: Session, job: Job, shard: Shard, error_type: str, error: str, now: datetime) -> None:
    """Fail the job at once, for a reason that another attempt would meet again."""
    if is_ending(job):
        requeue(session, job, shard, now)
    else:
        _fail_job(session, job, shard, error_type, error, now)


def settle(session: Session, job: Job, now: datetime) -> None:
    """End the job when no shard of it is left to run."""
    session.flush()
    states = set(session.scalars(select(Shard.state).where(Shard.job_id == job.id)))
    if job.state not in (JobState.QUEUED, JobState.RUNNING) or states & set(UNFINISHED_SHARD):
        return
    job.finished_at = now
    if ShardState.FAILED in states:
        job.state = JobState.FAILED
    elif ShardState.CANCELLED in states:
        job.state = JobState.CANCELLED
    else:
        job.state = JobState.SUCCEEDED


def _fail_job(session: Session, job: Job, shard: Shard, error_type: str, detail: str, now: datetime) -> None:
    """The job's other shards are cancelled: those that wait at once, those that run at their next heartbeat."""
    job.error_type, job.error_detail = error_type, detail
    _end_queued_shards(session, job, ShardState.CANCELLED)
    end_shard(session, job, shard, ShardState.FAILED, now)


def _end_queued_shards(session: Session, job: Job, state: ShardState) -> None:
    queued = session.scalars(select(Shard).where(Shard.job_id == job.id, Shard.state == ShardState.QUEUED)).all()
    for shard in queued:
        shard.state = state
        session.execute(delete(Checkpoint).where(Checkpoint.shard_id == shard.id))
        _end_trials(session, shard.id, _TRIAL_END[state])


def _end_trials(session: Session, shard_id: str, state: TrialState) -> None:
    session.execute(
        update(Trial).where(Trial.shard_id == shard_id, Trial.state.in_(UNFINISHED_TRIAL)).values(state=state)
    )
