"""Claims: a worker takes the best shards that it can run, in one transaction that opens their attempts and leases.

What the attempts need of the store is read when the claim is there: others wait for its transaction.
"""

import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Insert, Row, Update, func, insert, literal, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.accounting import charge
from ayla_service.queue.claim_lock import LineFull, lock_claims
from ayla_service.queue.claimed import Claim, TakenShard, claims_of
from ayla_service.queue.eligibility import EligibleMembers, eligible_by_priority, work_in_sight
from ayla_service.queue.fair_queue import FAIR, ResourceUsage, SharePolicy
from ayla_service.queue.lifecycle import queue_delayed
from ayla_service.queue.policy import ALONE, Candidate, PackLimits, pack
from ayla_service.queue.shard_reader import ShardReader, Skipped
from ayla_service.states import AttemptOutcome, JobState, ShardState
from ayla_service.trials.writer import TrialRange

_MOST_PACKS = 8
"""Packs that a claim tries to lock, while others are taking what is there."""

_PAUSES = (0.02, 0.05, 0.1)
"""Seconds before it looks again when all of that was taken."""

_LINE_SECONDS = 8.0
"""Time for which it comes again while the line is full; less than a process has that is told to stop."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 4.0
"""Seconds before it comes again at most, the first and any later time."""


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """A worker that claims.

    Attributes:
        name: unique among workers, for people.
        devices: which requested devices it can serve, of auto, cpu and cuda.
        environment: what makes its results repeatable: versions, threads, processor.
    """

    name: str
    devices: frozenset[str]
    environment: Mapping[str, Any]


def claim(database: Database, worker: WorkerIdentity, lease_seconds: float, shares: SharePolicy = FAIR) -> Claim | None:
    """Take the best queued shard this worker can run; None if there is none."""
    return next(iter(claim_pack(database, worker, lease_seconds, ALONE, shares)), None)


def claim_pack(
    database: Database, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy = FAIR
) -> tuple[Claim, ...]:
    """Take the best queued shard this worker can run and, if it is small, small ones that follow it.

    Returns:
        The claims, best first; none if nothing is queued, if others took all that was seen, or if too many wait.
    """
    return claims_of(database, take_pack(database, worker, lease_seconds, limits, shares))


def take_pack(
    database: Database, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy = FAIR
) -> tuple[TakenShard, ...]:
    """The same, before what their attempts need has been read, for which the store can be asked again."""
    begun, longest = time.monotonic(), _FIRST_PAUSE
    while True:
        try:
            return _claim_pack(database, worker, lease_seconds, limits, shares)
        except LineFull:
            if time.monotonic() - begun > _LINE_SECONDS:
                return ()
        time.sleep(longest * random.random())  # noqa: S311  # so that not all come again at once
        longest = min(2 * longest, _LONGEST_PAUSE)


def _claim_pack(
    database: Database, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy
) -> tuple[TakenShard, ...]:
    """The same; raises LineFull if too many wait."""
    for pause in _PAUSES:
        if database.is_sqlite and not _is_work_in_sight(database, worker):
            return ()
        with database.write() as session:
            found = _claim_any(session, worker, lease_seconds, limits, shares)
        if found is not None:
            return found
        time.sleep(pause)
    return ()


def _is_work_in_sight(database: Database, worker: WorkerIdentity) -> bool:
    """Look before locking: on SQLite a unit of work that writes keeps all others waiting from its begin."""
    with database.read() as session:
        return any(work_in_sight(session, worker.devices))


def _claim_any(
    session: Session, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy
) -> tuple[TakenShard, ...] | None:
    """The best shards; nothing if nothing is queued, None if others hold all that was looked at."""
    # Before it waits for others: all who are idle look again and again, and would keep those from it who find work.
    in_sight = work_in_sight(session, worker.devices)
    if not any(in_sight):
        return ()
    now = lock_claims(session)
    if in_sight.due:
        queue_delayed(session, now)
    skipped = Skipped()
    for eligible in eligible_by_priority(session, worker.devices, worker.name, now, shares):
        taken = _take(session, eligible, limits, shares, skipped)
        if taken:
            _open_attempts(session, taken, worker, now, now + timedelta(seconds=lease_seconds))
            usage = (ResourceUsage(row.owner_id, row.team_id, row.cost) for row in taken)
            charge(session, eligible, usage, shares)
            return tuple(
                TakenShard(row.id, row.attempt + 1, worker.name, TrialRange(row.job_id, row.first_trial, row.trials))
                for row in taken
            )
    return None if skipped.shards or skipped.jobs else ()


def _take(
    session: Session, eligible: EligibleMembers, limits: PackLimits, shares: SharePolicy, skipped: Skipped
) -> list[Row[Any]]:
    """Lock the pack that the policy chooses; if others hold all of it, the one that it chooses next."""
    for _ in range(_MOST_PACKS):
        members = eligible.fair_queue(shares)
        reader = ShardReader(session, eligible, members.in_order(), limits.shards, skipped)
        wanted = pack(members, reader.take, limits)
        if not wanted:
            break
        taken = _lock(session, wanted, skipped)
        if taken:
            return taken
    return []


def _lock(session: Session, wanted: Sequence[Candidate], skipped: Skipped) -> list[Row[Any]]:
    """Lock those shards that are still free, with their jobs; the others are noted as skipped.

    Rows that another transaction holds are passed over, so claims wait for nobody. What was tried between the look and
    the lock is no longer what the pack was made of.
    """
    asked = {shard.id: shard for shard in wanted}
    rows = session.execute(_free_shards(asked)).all()
    free = {row.id: row for row in rows if _is_queued(row) and row.attempt == asked[row.id].attempt}
    missing = asked.keys() - free.keys()
    if missing:
        jobs = {asked[shard_id].job_id for shard_id in missing}
        skipped.jobs |= jobs.difference(session.scalars(_free_jobs(jobs)))
        skipped.shards |= missing
    return [free[shard.id] for shard in wanted if shard.id in free]


def _is_queued(shard: Row[Any]) -> bool:
    """Looked at here: a condition on the state would make SQLite look through all that is queued."""
    return bool(shard.state == ShardState.QUEUED)


_RUNNABLE = (JobRow.cancel_requested_at.is_(None), JobRow.error_type.is_(None), JobRow.paused_at.is_(None))


def _free_jobs(ids: Collection[str]) -> Any:
    jobs = select(JobRow.id).where(JobRow.id.in_(ids), *_RUNNABLE).order_by(JobRow.id)
    return jobs.with_for_update(skip_locked=True, key_share=True)


def _free_shards(ids: Collection[str]) -> Any:
    return (
        select(
            ShardRow.id,
            ShardRow.job_id,
            ShardRow.owner_id,
            ShardRow.team_id,
            ShardRow.cost,
            ShardRow.attempt,
            ShardRow.state,
            ShardRow.first_trial,
            ShardRow.trials,
            JobRow.state.label("job_state"),
        )
        .join(JobRow, JobRow.id == ShardRow.job_id)
        .where(ShardRow.id.in_(ids), *_RUNNABLE)
        .order_by(JobRow.id, ShardRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )


def _open_attempts(
    session: Session, shards: Sequence[Row[Any]], worker: WorkerIdentity, now: datetime, lease_expires_at: datetime
) -> None:
    """Write what a claim changes; on PostgreSQL in one statement, as other claims wait for its answer."""
    ids, fresh = [row.id for row in shards], {row.job_id for row in shards if row.job_state == JobState.QUEUED}
    writes = [
        _new_attempts(ids, worker, now),
        _shards_run(ids, lease_expires_at),
        *([_jobs_run(fresh, now)] if fresh else []),
    ]
    if session.get_bind().dialect.name == "sqlite":
        for write in writes:
            session.execute(write)
    else:
        session.execute(select(1).add_cte(*(write.cte(f"write_{number}") for number, write in enumerate(writes))))


def _new_attempts(shard_ids: Collection[str], worker: WorkerIdentity, now: datetime) -> Insert:
    """New attempts, numbered by what the shards' rows say before they change."""
    values: dict[str, Any] = {
        "shard_id": ShardRow.id,
        "number": ShardRow.attempt + 1,
        "worker": literal(worker.name),
        "outcome": literal(AttemptOutcome.RUNNING.value),
        "environment": literal(dict(worker.environment), AttemptRow.environment.type),
        "first_step": literal(0),
        "started_at": literal(now, UtcDateTime()),
        "heartbeat_at": literal(now, UtcDateTime()),
    }
    rows = select(*values.values()).where(ShardRow.id.in_(shard_ids))
    return insert(AttemptRow).from_select(list(values), rows, include_defaults=False)


def _shards_run(ids: Collection[str], lease_expires_at: datetime) -> Update:
    changed = {"state": ShardState.RUNNING, "attempt": ShardRow.attempt + 1, "lease_expires_at": lease_expires_at}
    return _past_the_session(update(ShardRow).where(ShardRow.id.in_(ids)).values(changed))


def _jobs_run(ids: Collection[str], now: datetime) -> Update:
    changed = {"state": JobState.RUNNING, "updated_at": now, "started_at": func.coalesce(JobRow.started_at, now)}
    return _past_the_session(update(JobRow).where(JobRow.id.in_(ids)).values(changed))


def _past_the_session(change: Update) -> Update:
    return change.execution_options(synchronize_session=False)
