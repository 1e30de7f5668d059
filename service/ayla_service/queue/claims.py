"""Claims: a worker takes the best shards that it can run, in one transaction that opens their attempts and leases."""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from ayla_spec import ResolvedJobSpec
from ayla_spec.batch import TrialBatch
from ayla_spec.space import Space
from sqlalchemy import Interval, Row, cast, extract, func, insert, select, update
from sqlalchemy.orm import Session

from ayla_service.db.models import AttemptRow, CheckpointRow, JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue.accounting import charge
from ayla_service.queue.eligibility import EligibleMembers, eligible_by_priority, next_priority
from ayla_service.queue.fair_queue import FAIR, ResourceUsage, SharePolicy
from ayla_service.queue.lifecycle import due_shards, queue_delayed
from ayla_service.queue.policy import ALONE, Candidate, PackLimits, pack
from ayla_service.queue.shard_reader import ShardReader, Skipped
from ayla_service.states import AttemptOutcome, JobState, ShardState
from ayla_service.trials.progress import read_summaries
from ayla_service.trials.writer import TrialRange

_MOST_PACKS = 8
"""Packs that a claim tries to lock, while others are taking what is there."""

_PAUSES = (0.02, 0.05, 0.1)
"""Seconds before it looks again when all of that was taken."""

CLAIM_LOCK = 0x61796C61_636C6169
"""Number of the claims among PostgreSQL's advisory locks; no other lock of this store has it."""

_IDLE = "idle_in_transaction_session_timeout"
_FROZEN_SHARE = 1 / 3
"""Time after which PostgreSQL ends a claim that does nothing, as a part of what any transaction has: 5 s of 15 s.
Less than those who wait for it wait (lock_timeout), so that a frozen worker makes none of them fail."""


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
        worker: name of the worker that claimed.
        resolved_spec: the job as resolved, as the store has it.
        range: its trials.
        saved: checkpoints of earlier attempts, newest first.
        seconds_used: computing time of earlier attempts that was recorded.
    """

    shard_id: str
    job_id: str
    attempt: int
    worker: str
    resolved_spec: Mapping[str, Any]
    range: TrialRange
    saved: tuple[SavedState, ...] = ()
    seconds_used: float = 0.0

    @cached_property
    def spec(self) -> ResolvedJobSpec:
        """The job. Read when it is needed, so that one this version cannot read fails its attempt, not the claim.

        Raises:
            pydantic.ValidationError: if another version wrote what this one does not know.
        """
        return ResolvedJobSpec.model_validate(self.resolved_spec)

    @cached_property
    def trials(self) -> TrialBatch:
        """The shard's trials, in order."""
        return Space.of(self.spec).batch(self.range.first, self.range.trials)


def claim(database: Database, worker: WorkerIdentity, lease_seconds: float, shares: SharePolicy = FAIR) -> Claim | None:
    """Take the best queued shard this worker can run; None if there is none."""
    return next(iter(claim_pack(database, worker, lease_seconds, ALONE, shares)), None)


def claim_pack(
    database: Database, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy = FAIR
) -> tuple[Claim, ...]:
    """Take the best queued shard this worker can run and, if it is small, small ones that follow it.

    Returns:
        The claims, best first; none if nothing is queued, or if others took all that was seen.
    """
    if database.is_sqlite and not _has_work(database, worker):
        return ()
    for pause in _PAUSES:
        with database.write() as session:
            found = _claim_any(session, worker, lease_seconds, limits, shares)
        if found is not None:
            return found
        time.sleep(pause)
    return ()


def _has_work(database: Database, worker: WorkerIdentity) -> bool:
    """Look before locking: on SQLite a unit of work that writes keeps all others waiting."""
    with database.read() as session:
        if next_priority(session, worker.devices) is not None:
            return True
        return session.execute(due_shards(store_now(session)).limit(1)).first() is not None


def _claim_any(
    session: Session, worker: WorkerIdentity, lease_seconds: float, limits: PackLimits, shares: SharePolicy
) -> tuple[Claim, ...] | None:
    """The best shards; nothing if nothing is queued, None if others hold all that was looked at."""
    _lock_claims(session)
    now = store_now(session)
    queue_delayed(session, now)
    skipped = Skipped()
    for eligible in eligible_by_priority(session, worker.devices, worker.name, now, shares):
        taken, jobs = _take(session, eligible, limits, shares, skipped)
        if taken:
            _open_attempts(session, taken, worker, now, now + timedelta(seconds=lease_seconds))
            fresh = {row.job_id for row in taken if jobs[row.job_id].state == JobState.QUEUED}
            _start_jobs(session, fresh, now)
            claims = _describe(session, taken, jobs, worker.name)
            usage = (ResourceUsage(row.owner_id, row.team_id, row.cost) for row in taken)
            charge(session, eligible, usage, shares)
            return claims
    return None if skipped.shards or skipped.jobs else ()


def _lock_claims(session: Session) -> None:
    """Let claims wait for each other: two that looked at the same moment would both serve the same member.

    SQLite has one writer at a time.
    """
    if session.get_bind().dialect.name != "sqlite":
        seconds = extract("epoch", cast(func.current_setting(_IDLE), Interval)) * _FROZEN_SHARE
        frozen = func.set_config(_IDLE, func.concat(seconds, "s"), True)
        session.execute(select(frozen, func.pg_advisory_xact_lock(CLAIM_LOCK)))


def _take(
    session: Session, eligible: EligibleMembers, limits: PackLimits, shares: SharePolicy, skipped: Skipped
) -> tuple[list[Row[Any]], dict[str, Row[Any]]]:
    """Lock the pack that the policy chooses; if others hold all of it, the one that it chooses next."""
    for _ in range(_MOST_PACKS):
        members = eligible.fair_queue(shares)
        reader = ShardReader(session, eligible, members.in_order(), limits.shards, skipped)
        wanted = pack(members, reader.take, limits)
        if not wanted:
            break
        taken, jobs = _lock(session, wanted, skipped)
        if taken:
            return taken, jobs
    return [], {}


def _lock(
    session: Session, wanted: Sequence[Candidate], skipped: Skipped
) -> tuple[list[Row[Any]], dict[str, Row[Any]]]:
    """Lock those shards that are still free, with their jobs; the others are noted as skipped.

    Jobs before shards, as everywhere. Rows that another transaction holds are passed over, so claims wait for nobody.
    What was tried between the look and the lock is no longer what the pack was made of.
    """
    asked = {shard.job_id for shard in wanted}
    jobs = {job.id: job for job in session.execute(_free_jobs(asked))}
    skipped.jobs |= asked - jobs.keys()
    ids = [shard.id for shard in wanted if shard.job_id in jobs]
    shards = {row.id: row for row in session.execute(_free_shards(ids)) if row.state == ShardState.QUEUED}
    taken = [shards[shard.id] for shard in wanted if shard.id in shards and shards[shard.id].attempt == shard.attempt]
    skipped.shards |= {shard.id for shard in wanted} - {row.id for row in taken}
    return taken, jobs


def _free_jobs(ids: Collection[str]) -> Any:
    return (
        select(JobRow.id, JobRow.state, JobRow.resolved_spec)
        .where(
            JobRow.id.in_(ids),
            JobRow.cancel_requested_at.is_(None),
            JobRow.error_type.is_(None),
            JobRow.paused_at.is_(None),
        )
        .order_by(JobRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )


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
        )
        # Not by state as well: SQLite would then look through all queued shards instead of looking up these.
        .where(ShardRow.id.in_(ids))
        .order_by(ShardRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )


def _open_attempts(
    session: Session, shards: Sequence[Row[Any]], worker: WorkerIdentity, now: datetime, lease_expires_at: datetime
) -> None:
    ids = [row.id for row in shards]
    session.execute(
        update(ShardRow)
        .where(ShardRow.id.in_(ids))
        .values(
            state=ShardState.RUNNING,
            attempt=ShardRow.attempt + 1,
            lease_expires_at=lease_expires_at,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(AttemptRow), [_new_attempt(row.id, row.attempt + 1, worker, now) for row in shards])


def _new_attempt(shard_id: str, number: int, worker: WorkerIdentity, now: datetime) -> dict[str, Any]:
    return {
        "shard_id": shard_id,
        "number": number,
        "worker": worker.name,
        "outcome": AttemptOutcome.RUNNING,
        "environment": dict(worker.environment),
        "started_at": now,
        "heartbeat_at": now,
    }


def _start_jobs(session: Session, ids: Collection[str], now: datetime) -> None:
    if ids:
        session.execute(
            update(JobRow)
            .where(JobRow.id.in_(ids))
            .values(state=JobState.RUNNING, updated_at=now, started_at=func.coalesce(JobRow.started_at, now))
            .execution_options(synchronize_session=False)
        )


def _describe(
    session: Session, shards: Sequence[Row[Any]], jobs: Mapping[str, Row[Any]], worker: str
) -> tuple[Claim, ...]:
    # A first attempt has no checkpoint to go on from, and no time that was used.
    again = {row.id: row.trials for row in shards if row.attempt > 0}
    saved, seconds = _saved(session, again), _seconds(session, again)
    return tuple(
        Claim(
            shard_id=row.id,
            job_id=row.job_id,
            attempt=row.attempt + 1,
            worker=worker,
            resolved_spec=jobs[row.job_id].resolved_spec,
            range=TrialRange(row.job_id, row.first_trial, row.trials),
            saved=tuple(saved[row.id]),
            seconds_used=seconds.get(row.id, 0.0),
        )
        for row in shards
    )


def _seconds(session: Session, shards: Mapping[str, int]) -> dict[str, float]:
    """The computing time that was recorded of each shard, given the number of its trials."""
    if not shards:
        return {}
    found = read_summaries(session, shards)
    # Those that have ended have used no more than the others, unless these were tried again from their start.
    seconds = {shard_id: trials["wall_seconds"][~trials.has_result] for shard_id, trials in found.items()}
    return {shard_id: float(of_shard.max(initial=0.0)) for shard_id, of_shard in seconds.items()}


def _saved(session: Session, shard_ids: Collection[str]) -> dict[str, list[SavedState]]:
    found: dict[str, list[SavedState]] = defaultdict(list)
    if shard_ids:
        rows = select(CheckpointRow).where(CheckpointRow.shard_id.in_(shard_ids)).order_by(CheckpointRow.step.desc())
        for row in session.scalars(rows):
            found[row.shard_id].append(SavedState(row.step, row.data))
    return found
