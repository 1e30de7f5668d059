"""Reaper: returns the shards of silent workers to the queue. Any process may run it, any number at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.observability import metrics
from ayla_service.queue.accounting import settle, time_share
from ayla_service.queue.fair_queue import ResourceUsage
from ayla_service.queue.lifecycle import due_shards, fail_or_requeue, queue_delayed
from ayla_service.queue.retries import ErrorType, RetryPolicy
from ayla_service.states import AttemptOutcome, ShardState

_AT_ONCE = 500


def reap(database: Database, policy: RetryPolicy) -> int:
    """Close every attempt whose lease has expired, a lost one counts as failed; and queue what has waited long enough.

    Returns:
        How many leases had expired.
    """
    if not _is_needed(database):
        return 0
    # By itself: it locks shards of many jobs, and what follows locks jobs before their shards.
    with database.write() as session:
        queue_delayed(session, store_now(session))
    with database.write() as session:
        now = store_now(session)
        expired = session.execute(_expired(now).with_for_update(skip_locked=True, key_share=True)).all()
        lost = [(shard, _lose(session, job, shard, policy, now)) for job, shard in expired]
        settle(session, _usage(lost), now)
    metrics.leases_expired(len(expired))
    return len(expired)


def _is_needed(database: Database) -> bool:
    """Look before locking: on SQLite a unit of work that writes keeps all others waiting."""
    with database.read() as session:
        now = store_now(session)
        looks = (_expired(now).limit(1), due_shards(now).limit(1))
        return any(session.execute(look).first() is not None for look in looks)


def _expired(now: datetime) -> Select[JobRow, ShardRow]:
    return (
        select(JobRow, ShardRow)
        .join(ShardRow, ShardRow.job_id == JobRow.id)
        .where(ShardRow.state == ShardState.RUNNING, ShardRow.lease_expires_at < now)
        .limit(_AT_ONCE)
    )


def _lose(session: Session, job: JobRow, shard: ShardRow, policy: RetryPolicy, now: datetime) -> AttemptRow:
    attempt = session.get_one(AttemptRow, (shard.id, shard.attempt))
    attempt.outcome, attempt.ended_at = AttemptOutcome.LOST, now
    attempt.error_type, attempt.error = ErrorType.WORKER_LOST, _message(shard, attempt)
    fail_or_requeue(session, job, shard, ErrorType.WORKER_LOST, attempt.error, policy, now)
    return attempt


def _message(shard: ShardRow, attempt: AttemptRow) -> str:
    said = f"Worker {attempt.worker} stopped answering"
    if shard.lease_expires_at is None:  # pragma: no cover  # what runs has a lease, as the store sees to
        return f"{said}."
    seconds = (shard.lease_expires_at - attempt.heartbeat_at).total_seconds()
    killed = "it was killed, lost its machine, or something took longer"
    return f"{said}: {killed} than its lease of {seconds:.3g} s (AYLA_LEASE_SECONDS)."


def _usage(lost: Sequence[tuple[ShardRow, AttemptRow]]) -> Iterator[ResourceUsage]:
    """Correction for each shard: its time until the last heartbeat, as nobody had the time of a silent worker."""
    costs: dict[str, list[float]] = defaultdict(list)
    for shard, attempt in lost:
        costs[attempt.worker].append(shard.cost)
    for shard, attempt in lost:
        seconds = (attempt.heartbeat_at - attempt.started_at).total_seconds()
        used = time_share(seconds, shard.cost, costs[attempt.worker])
        yield ResourceUsage(shard.owner_id, shard.team_id, used - shard.cost)
