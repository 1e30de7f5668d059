"""Writes of a worker for many small shards at once: one transaction, each shard fenced by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.accounting import settle, time_share
from ayla_service.queue.claimed import Claim
from ayla_service.queue.fair_queue import ResourceUsage
from ayla_service.queue.lifecycle import end_finished_jobs
from ayla_service.states import AttemptOutcome, ShardState
from ayla_service.trials.columns import Summaries
from ayla_service.trials.progress import ShardProgress, advance
from ayla_service.trials.writer import AttemptResults, NewResults, insert


@dataclass(frozen=True, slots=True)
class CompletedShard:
    """Results of a shard that was run from its first step to its last.

    Attributes:
        claim: its attempt.
        trials: the summary of every trial of the shard, in order.
        results: all rows of its trials.
        device: where it ran.
    """

    claim: Claim
    trials: Summaries
    results: NewResults
    device: str


def renew(database: Database, claims: Sequence[Claim], lease_seconds: float) -> set[str]:
    """Renew the leases of those claims that still hold and are to go on.

    Returns:
        Ids of the shards whose attempt is current and whose job is neither ending nor paused.
    """
    with database.write() as session:
        now = store_now(session)
        current = _current(session, claims).keys() & _going_on(session, claims)
        session.execute(
            update(ShardRow)
            .where(ShardRow.id.in_(current))
            .values(lease_expires_at=now + timedelta(seconds=lease_seconds))
        )
        session.execute(
            update(AttemptRow)
            .where(AttemptRow.shard_id.in_(current), AttemptRow.outcome == AttemptOutcome.RUNNING)
            .values(heartbeat_at=now)
        )
        return current


def complete(database: Database, shards: Sequence[CompletedShard]) -> set[str]:
    """Store the results of shards and end them, all in one transaction.

    Returns:
        Ids of the shards that are stored, by this call or by an earlier one whose answer did not arrive; the attempts
        at the others are no longer current, and changed nothing.
    """
    claims = [shard.claim for shard in shards]
    with database.write() as session:
        _lock_jobs(session, claims)
        current = _current(session, claims)
        stored = [shard for shard in shards if shard.claim.shard_id in current]
        insert(session, [AttemptResults(shard.claim.job_id, shard.claim.attempt, shard.results) for shard in stored])
        advance(session, [_progress(shard) for shard in stored])
        now = store_now(session)
        _end(session, stored, now)
        settle(session, _usage([current[shard.claim.shard_id] for shard in stored], stored, now), now)
        return set(current) | _ended_before(session, [claim for claim in claims if claim.shard_id not in current])


def _lock_jobs(session: Session, claims: Sequence[Claim]) -> None:
    """In the order of their ids, so that two packs never wait for each other."""
    jobs = select(JobRow.id).where(JobRow.id.in_({claim.job_id for claim in claims})).order_by(JobRow.id)
    session.execute(jobs.with_for_update(key_share=True)).all()


def _current(session: Session, claims: Sequence[Claim]) -> dict[str, Any]:
    """Lock the shards, in the order of their ids; returns those whose claim still holds, by id."""
    held = {(claim.shard_id, claim.attempt, claim.worker) for claim in claims}
    columns = (
        ShardRow.id,
        ShardRow.attempt,
        AttemptRow.worker,
        ShardRow.owner_id,
        ShardRow.team_id,
        ShardRow.cost,
        AttemptRow.heartbeat_at,
    )
    shards = (
        select(*columns)
        .join(AttemptRow, and_(AttemptRow.shard_id == ShardRow.id, AttemptRow.number == ShardRow.attempt))
        .where(ShardRow.id.in_([claim.shard_id for claim in claims]), ShardRow.state == ShardState.RUNNING)
        .order_by(ShardRow.id)
        .with_for_update(key_share=True, of=ShardRow)
    )
    return {row.id: row for row in session.execute(shards) if tuple(row[:3]) in held}


def _going_on(session: Session, claims: Sequence[Claim]) -> set[str]:
    """The shards whose job is neither ending nor paused; read without a lock, as every heartbeat does."""
    jobs = set(
        session.scalars(
            select(JobRow.id).where(
                JobRow.id.in_({claim.job_id for claim in claims}),
                JobRow.cancel_requested_at.is_(None),
                JobRow.error_type.is_(None),
                JobRow.paused_at.is_(None),
            )
        )
    )
    return {claim.shard_id for claim in claims if claim.job_id in jobs}


def _ended_before(session: Session, claims: Sequence[Claim]) -> set[str]:
    held = {(claim.shard_id, claim.attempt, claim.worker) for claim in claims}
    rows = session.execute(
        select(AttemptRow.shard_id, AttemptRow.number, AttemptRow.worker).where(
            AttemptRow.shard_id.in_([claim.shard_id for claim in claims]),
            AttemptRow.outcome == AttemptOutcome.SUCCEEDED,
        )
    )
    return {row[0] for row in rows if tuple(row) in held}


def _progress(shard: CompletedShard) -> ShardProgress:
    step = int(shard.trials["steps_done"].max())
    return ShardProgress(shard.claim.shard_id, shard.claim.attempt, step, shard.trials)


def _end(session: Session, shards: Sequence[CompletedShard], now: datetime) -> None:
    ids = [shard.claim.shard_id for shard in shards]
    for device in {shard.device for shard in shards}:
        session.execute(
            update(AttemptRow)
            .where(
                AttemptRow.shard_id.in_([shard.claim.shard_id for shard in shards if shard.device == device]),
                AttemptRow.outcome == AttemptOutcome.RUNNING,
            )
            .values(outcome=AttemptOutcome.SUCCEEDED, ended_at=now, heartbeat_at=now, device=device)
        )
    session.execute(
        update(ShardRow).where(ShardRow.id.in_(ids)).values(state=ShardState.SUCCEEDED, lease_expires_at=None)
    )
    end_finished_jobs(session, {shard.claim.job_id for shard in shards}, now)


def _usage(rows: Sequence[Any], shards: Sequence[CompletedShard], now: datetime) -> Iterator[ResourceUsage]:
    """Correction for each shard: the time since the heartbeat before, shared by the estimates, less the charge."""
    if not rows:
        return
    since = min(row.heartbeat_at for row in rows)
    computed = max((float(shard.trials["wall_seconds"].max()) for shard in shards), default=0.0)
    seconds = max((now - since).total_seconds(), computed)
    costs = [row.cost for row in rows]
    for row in rows:
        yield ResourceUsage(row.owner_id, row.team_id, time_share(seconds, row.cost, costs) - row.cost)
