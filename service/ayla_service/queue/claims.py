"""Claims: a worker takes the best shards that it can run, in one transaction that opens their attempts and leases."""

import random
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
from sqlalchemy import Insert, Row, Update, func, insert, literal, select, update
from sqlalchemy.orm import Session

from ayla_service.db.columns import UtcDateTime
from ayla_service.db.models import AttemptRow, CheckpointRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.accounting import charge
from ayla_service.queue.claim_lock import LineFull, lock_claims
from ayla_service.queue.eligibility import EligibleMembers, eligible_by_priority, work_in_sight
from ayla_service.queue.fair_queue import FAIR, ResourceUsage, SharePolicy
from ayla_service.queue.lifecycle import queue_delayed
from ayla_service.queue.policy import ALONE, Candidate, PackLimits, pack
from ayla_service.queue.shard_reader import ShardReader, Skipped
from ayla_service.states import AttemptOutcome, JobState, ShardState
from ayla_service.trials.points import PointsPiece, has_points, read_points, with_pieces
from ayla_service.trials.progress import read_summaries
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
        origin: id of the first of the trials of another job that its job computes again; None of any other.
        points: those of its settings, where the job's design has drawn them.
    """

    shard_id: str
    job_id: str
    attempt: int
    worker: str
    resolved_spec: Mapping[str, Any]
    range: TrialRange
    saved: tuple[SavedState, ...] = ()
    seconds_used: float = 0.0
    origin: str | None = None
    points: tuple[PointsPiece, ...] = ()

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
        space = Space.of(self.spec)
        return (with_pieces(space, self.points) if self.points else space).batch(self.range.first, self.range.trials)


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
) -> tuple[Claim, ...]:
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
) -> tuple[Claim, ...] | None:
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
            jobs = _open_attempts(session, taken, worker, now, now + timedelta(seconds=lease_seconds))
            claims = _describe(session, taken, jobs, worker.name)
            usage = (ResourceUsage(row.owner_id, row.team_id, row.cost) for row in taken)
            charge(session, eligible, usage, shares)
            return claims
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
) -> dict[str, Row[Any]]:
    """Write what a claim changes; returns the shards' jobs, by id.

    On PostgreSQL one statement, as other claims wait for its answer.
    """
    ids, fresh = [row.id for row in shards], {row.job_id for row in shards if row.job_state == JobState.QUEUED}
    writes = [
        _new_attempts(ids, worker, now),
        _shards_run(ids, lease_expires_at),
        *([_jobs_run(fresh, now)] if fresh else []),
    ]
    jobs = select(JobRow.id, JobRow.resolved_spec, JobRow.origin).where(JobRow.id.in_({row.job_id for row in shards}))
    if session.get_bind().dialect.name == "sqlite":
        for write in writes:
            session.execute(write)
    else:
        jobs = jobs.add_cte(*(write.cte(f"write_{number}") for number, write in enumerate(writes)))
    return {row.id: row for row in session.execute(jobs)}


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
            origin=jobs[row.job_id].origin,
            points=_points(session, row, jobs[row.job_id].resolved_spec),
        )
        for row in shards
    )


def _points(session: Session, shard: Row[Any], spec: Mapping[str, Any]) -> tuple[PointsPiece, ...]:
    if not has_points(spec):
        return ()
    seeds, end = len(spec["seeds"]), shard.first_trial + shard.trials
    return read_points(session, shard.job_id, shard.first_trial // seeds, -(-end // seeds))


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
