"""Life cycle of shards and jobs: the one place where a job's state changes after its first claim.

Callers hold the locks on the rows of the jobs, and of the shards that they name.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import CheckpointRow, JobRow, ShardRow
from ayla_service.queue.outbox import announce
from ayla_service.queue.retries import PERMANENT, ErrorType, RetryPolicy
from ayla_service.states import UNFINISHED_JOB, UNFINISHED_SHARD, WAITING_SHARD, JobState, ShardState
from ayla_service.trials.progress import forget_time

_DELAYED_AT_ONCE = 500

_WITHOUT_RESULT = (ShardState.FAILED, ShardState.CANCELLED)


def request_cancel(session: Session, job: JobRow, now: datetime) -> None:
    """Cancel what waits at once; running shards stop at their next heartbeat."""
    if job.cancel_requested_at is None:
        job.cancel_requested_at = now
    job.paused_at = None
    _end_waiting_shards(session, job.id, ShardState.CANCELLED)
    end_finished_jobs(session, [job.id], now)


def pause(session: Session, job: JobRow, now: datetime) -> None:
    """Take what waits out of the queue; running shards are checkpointed and handed back at their next heartbeat."""
    if job.paused_at is None and not is_ending(job):
        job.paused_at = now
        _move(session, job.id, (ShardState.QUEUED, ShardState.DELAYED), ShardState.PAUSED)


def resume(session: Session, job: JobRow) -> list[str]:
    """Put what was paused back into the queue, at its old place.

    Returns:
        The device kinds of the shards that are queued now, one for each.
    """
    job.paused_at = None
    paused = select(ShardRow.device).where(ShardRow.job_id == job.id, ShardRow.state == ShardState.PAUSED)
    devices = list(session.scalars(paused))
    _move(session, job.id, (ShardState.PAUSED,), ShardState.QUEUED)
    return devices


def retry(session: Session, job: JobRow) -> list[str]:
    """Queue again what of an ended job has failed or was cancelled, from its start.

    Returns:
        The device kinds of the shards that are queued now, one for each.
    """
    again = (ShardRow.job_id == job.id, ShardRow.state.in_(_WITHOUT_RESULT))
    rows = session.execute(select(ShardRow.id, ShardRow.device).where(*again)).all()
    if rows:
        # The time that was used counts no more: a job that has used up its own would fail again at once.
        forget_time(session, *again)
        session.execute(update(ShardRow).where(*again).values(state=ShardState.QUEUED, failures=0))
        job.state, job.finished_at, job.cancel_requested_at = JobState.QUEUED, None, None
        job.error_type = job.error_detail = None
    return [row.device for row in rows]


def prioritise(session: Session, job: JobRow, priority: int) -> None:
    """Give the job, and what of it still waits, another place in the queue."""
    job.priority = priority
    session.execute(update(ShardRow).where(ShardRow.job_id == job.id).values(priority=priority))


def due_shards(now: datetime | ColumnElement[datetime]) -> Select[str]:
    """Query for the ids of the delayed shards whose pause is over."""
    return select(ShardRow.id).where(ShardRow.state == written(ShardState.DELAYED), ShardRow.available_at <= now)


def queue_delayed(session: Session, now: datetime) -> int:
    """Queue those shards; returns how many there were."""
    due = (
        due_shards(now).order_by(ShardRow.id).limit(_DELAYED_AT_ONCE).with_for_update(skip_locked=True, key_share=True)
    )
    ids = list(session.scalars(due))
    if ids:
        session.execute(update(ShardRow).where(ShardRow.id.in_(ids)).values(state=ShardState.QUEUED, available_at=None))
    return len(ids)


def is_ending(job: JobRow) -> bool:
    """Whether nothing more of the job is to run: it is to be cancelled, or one of its shards has failed for good."""
    return job.cancel_requested_at is not None or job.error_type is not None


def end_shard(session: Session, shard: ShardRow, state: ShardState, now: datetime) -> None:
    """Put a shard into a final state, and end the job if this was the last."""
    shard.state, shard.lease_expires_at = state, None
    session.execute(delete(CheckpointRow).where(CheckpointRow.shard_id == shard.id))
    end_finished_jobs(session, [shard.job_id], now)


def requeue(session: Session, job: JobRow, shard: ShardRow, now: datetime, pause_seconds: float = 0.0) -> None:
    """Let the shard wait for its next attempt; or cancel it, if the job is ending."""
    if is_ending(job):
        end_shard(session, shard, ShardState.CANCELLED, now)
        return
    shard.lease_expires_at = None
    if job.paused_at is not None:
        shard.state = ShardState.PAUSED
    elif pause_seconds > 0:
        shard.state, shard.available_at = ShardState.DELAYED, now + timedelta(seconds=pause_seconds)
    else:
        shard.state = ShardState.QUEUED


def fail_or_requeue(
    session: Session,
    job: JobRow,
    shard: ShardRow,
    error_type: ErrorType,
    error: str,
    policy: RetryPolicy,
    now: datetime,
) -> None:
    """Count an attempt that failed or was lost, and follow the policy: another attempt, or the end of the job."""
    shard.failures += 1
    pause_seconds = policy.pause(error_type, shard.failures)
    if is_ending(job) or pause_seconds is not None:
        requeue(session, job, shard, now, pause_seconds or 0.0)
    elif error_type in PERMANENT:
        _fail_job(session, job, shard, error_type, error, now)
    else:
        detail = f"Gave up after {shard.failures} attempts without progress. The last error: {error}"
        _fail_job(session, job, shard, "attempts-exhausted", detail, now)


def end_finished_jobs(session: Session, job_ids: Collection[str], now: datetime) -> None:
    """End each of the jobs that has no shard left to run, and announce it to its team's webhooks."""
    session.flush()
    ended = _finished_jobs(session, job_ids)
    teams: dict[str, str] = {}
    for state, ids in ended.items():
        rows = session.execute(
            update(JobRow)
            .where(JobRow.id.in_(ids), JobRow.state.in_(UNFINISHED_JOB))
            .values(state=state, finished_at=now, updated_at=now, paused_at=None, stored_bytes=_stored_bytes())
            .returning(JobRow.id, JobRow.team_id)
        )
        teams.update((row.id, row.team_id) for row in rows)
    announce(session, teams, now)


def _finished_jobs(session: Session, job_ids: Collection[str]) -> dict[JobState, list[str]]:
    """Ids of those jobs that have no shard left to run, by the state that they end in."""
    states: dict[str, set[str]] = {job_id: set() for job_id in job_ids}
    for job_id, state in session.execute(
        select(ShardRow.job_id, ShardRow.state).where(ShardRow.job_id.in_(job_ids)).distinct()
    ):
        states[job_id].add(state)
    finished: dict[JobState, list[str]] = {}
    for job_id, found in states.items():
        if not found & set(UNFINISHED_SHARD):
            finished.setdefault(_end_of(found), []).append(job_id)
    return finished


def _stored_bytes() -> ColumnElement[int]:
    """Size of the job's results, as its shards have it."""
    of_shards = select(func.sum(ShardRow.result_bytes)).where(ShardRow.job_id == JobRow.id)
    return func.coalesce(of_shards.scalar_subquery(), 0)


def _end_of(shard_states: Collection[str]) -> JobState:
    if ShardState.FAILED in shard_states:
        return JobState.FAILED
    return JobState.CANCELLED if ShardState.CANCELLED in shard_states else JobState.SUCCEEDED


def _fail_job(session: Session, job: JobRow, shard: ShardRow, error_type: str, detail: str, now: datetime) -> None:
    """The job's other shards are cancelled: those that wait at once, those that run at their next heartbeat."""
    job.error_type, job.error_detail, job.paused_at, job.updated_at = error_type, detail, None, now
    _end_waiting_shards(session, job.id, ShardState.CANCELLED)
    end_shard(session, shard, ShardState.FAILED, now)


def _end_waiting_shards(session: Session, job_id: str, state: ShardState) -> None:
    _move(session, job_id, WAITING_SHARD, state)
    ended = select(ShardRow.id).where(ShardRow.job_id == job_id, ShardRow.state == state)
    session.execute(delete(CheckpointRow).where(CheckpointRow.shard_id.in_(ended)))


def _move(session: Session, job_id: str, before: Sequence[ShardState], after: ShardState) -> None:
    session.execute(
        update(ShardRow)
        .where(ShardRow.job_id == job_id, ShardRow.state.in_(before))
        .values(state=after, available_at=None)
    )
