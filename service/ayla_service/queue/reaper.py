"""Returns the shards of silent workers to the queue. Any process may run it, any number at once."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ayla_service.db.models import Attempt, Job, Shard
from ayla_service.db.session import Database, store_now
from ayla_service.queue.lifecycle import fail_or_requeue
from ayla_service.states import AttemptOutcome, ShardState


def reap(database: Database, max_attempts: int) -> int:
    """Close every attempt whose lease has expired; a lost attempt counts as a failed one.

    Returns:
        How many there were.
    """
    if not _any_expired(database):
        return 0
    with database.write() as session:
        now = store_now(session)
        expired = session.execute(_expired(now).with_for_update(skip_locked=True)).all()
        for job, shard in expired:
            _lose(session, job, shard, max_attempts, now)
        return len(expired)


def _any_expired(database: Database) -> bool:
    """Look before locking: on SQLite a unit of work that writes keeps all others waiting."""
    with database.read() as session:
        return session.execute(_expired(store_now(session)).limit(1)).first() is not None


def _expired(now: datetime) -> Select[Job, Shard]:
    return (
        select(Job, Shard)
        .join(Shard, Shard.job_id == Job.id)
        .where(Shard.state == ShardState.RUNNING, Shard.lease_expires_at < now)
    )


def _lose(session: Session, job: Job, shard: Shard, max_attempts: int, now: datetime) -> None:
    attempt = session.get_one(Attempt, (shard.id, shard.attempt))
    attempt.outcome, attempt.ended_at = AttemptOutcome.LOST, now
    attempt.error = f"Worker {attempt.worker} stopped answering."
    fail_or_requeue(session, job, shard, attempt.error, max_attempts, now)
