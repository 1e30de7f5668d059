"""Returns the shards of silent workers to the queue. Any process may run it, any number at once."""

from datetime import datetime

from sqlalchemy import select
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
    with database.write() as session:
        now = store_now(session)
        expired = session.execute(
            select(Job, Shard)
            .join(Shard, Shard.job_id == Job.id)
            .where(Shard.state == ShardState.RUNNING, Shard.lease_expires_at < now)
            .with_for_update(skip_locked=True)
        ).all()
        for job, shard in expired:
            _lose(session, job, shard, max_attempts, now)
        return len(expired)


def _lose(session: Session, job: Job, shard: Shard, max_attempts: int, now: datetime) -> None:
    attempt = session.get_one(Attempt, (shard.id, shard.attempt))
    attempt.outcome, attempt.ended_at = AttemptOutcome.LOST, now
    attempt.error = f"Worker {attempt.worker} stopped answering."
    fail_or_requeue(session, job, shard, attempt.error, max_attempts, now)
