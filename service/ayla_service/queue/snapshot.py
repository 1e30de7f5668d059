"""Snapshot of the queue: the workers and what they run, the backlogs of all members, and how accurate estimates are.

Bounded however much waits: long backlogs are counted up to a limit, and their cost is that of a sample.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import AttemptRow, JobRow, ShardRow, TeamRow, WorkerRow
from ayla_service.db.session import store_now
from ayla_service.queue.accuracy import EstimateAccuracy, estimate_accuracy
from ayla_service.queue.eligibility import DEVICES, EligibleMembers, owners, queued, waiting_members
from ayla_service.queue.fair_queue import SharePolicy, VirtualClock
from ayla_service.queue.forecast import SharingState
from ayla_service.queue.workers import lost_before
from ayla_service.states import AttemptOutcome

COUNTED_AT_MOST = 10_000
"""Shards that are counted in all, about; of each backlog at least as many as the next number says."""

_COUNTED_AT_LEAST = 20
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """Load of a worker that lives.

    Attributes:
        name: of the worker.
        devices: requested devices that it serves.
        works_for: ids of the members and teams whose shards it runs; none if it is idle.
        seconds_left: time until it is free, about.
    """

    name: str
    devices: tuple[str, ...]
    works_for: frozenset[str] = frozenset()
    seconds_left: float = 0.0


BacklogKey = tuple[int, str, str]
"""Priority, kind of device and member."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Shards that a member has queued of one priority for one kind of device.

    Attributes:
        shards: their number, counted up to a limit.
        is_more: whether there may be more.
        cost: estimated seconds of one of them, the mean of the first.
    """

    priority: int
    device: str
    member_id: str
    team_id: str
    shards: int
    is_more: bool
    cost: float

    @property
    def key(self) -> BacklogKey:
        """Key of the backlog among all backlogs."""
        return (self.priority, self.device, self.member_id)


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """Snapshot of the whole queue.

    Attributes:
        now: the store's time.
        workers: the workers that live.
        backlogs: all queued work, the best priority first.
        sharing: clocks and limits of the members and teams with queued work.
        paused: ids of the teams of which nothing is started.
        accuracy: how accurate the estimates are.
        count_limit: number up to which the shards of a backlog are counted.
    """

    now: datetime
    workers: Sequence[WorkerLoad]
    backlogs: Sequence[Backlog]
    sharing: SharingState
    paused: frozenset[str]
    accuracy: EstimateAccuracy
    count_limit: int


def queue_snapshot(session: Session, presence_seconds: float, policy: SharePolicy) -> QueueSnapshot:
    """Snapshot of the whole queue; ``presence_seconds`` as for ``list_workers``."""
    now = store_now(session)
    waiting = _waiting(session, now, policy)
    number = sum(len(devices) for members in waiting for devices in members.oldest.values())
    limit = max(_COUNTED_AT_LEAST, COUNTED_AT_MOST // max(1, number))
    accuracy = estimate_accuracy(session)
    return QueueSnapshot(
        now,
        _workers(session, now, presence_seconds, accuracy),
        [backlog for members in waiting for backlog in _backlogs(session, members, limit)],
        _sharing(waiting, policy),
        frozenset(session.scalars(select(TeamRow.id).where(TeamRow.paused_at.is_not(None)))),
        accuracy,
        limit,
    )


def _waiting(session: Session, now: datetime, policy: SharePolicy) -> list[EligibleMembers]:
    """Members with queued work of each priority, the best first."""
    found: list[EligibleMembers] = []
    after: int | None = None
    while members := waiting_members(session, DEVICES, now, policy, after, with_paused=True):
        found.append(members)
        after = members.priority
    return found


def _sharing(waiting: Sequence[EligibleMembers], policy: SharePolicy) -> SharingState:
    """Clocks and limits; of a member or team with work of several priorities those at the best of them."""
    clocks: dict[str, VirtualClock] = {}
    limits: dict[str, float] = {}
    for members in reversed(waiting):
        clocks |= {clock.id: clock for clock in members.fair_queue(policy).clocks()}
        limits |= members.worker_limits
    return SharingState(clocks, limits)


def _backlogs(session: Session, members: EligibleMembers, limit: int) -> list[Backlog]:
    team_of = {member_id: team_id for team_id, some in members.members.items() for member_id in some}
    backlogs = []
    for device in sorted({device for devices in members.oldest.values() for device in devices}):
        rows = session.execute(_counts(device), {"priority": members.priority, "limit": limit, "sample": _SAMPLE})
        backlogs += [
            Backlog(members.priority, device, member_id, team_of[member_id], count, count >= limit, cost or 0.0)
            for member_id, count, cost in rows
            if member_id in team_of
        ]
    return backlogs


@lru_cache
def _counts(device: str) -> Select[Any]:
    """Number of shards that each member has queued, up to a limit, and the mean cost of a sample."""
    priority = bindparam("priority", type_=Integer)
    found = owners(device, priority)
    of_member = (*queued(device, priority), ShardRow.owner_id == found.c.owner_id)
    some = select(ShardRow.id).where(*of_member).limit(bindparam("limit")).correlate(found).subquery()
    sample = select(ShardRow.cost).where(*of_member).limit(bindparam("sample")).correlate(found).subquery()
    count = select(func.count()).select_from(some).scalar_subquery()
    cost = select(func.avg(sample.c.cost)).scalar_subquery()
    return select(found.c.owner_id, count, cost).where(found.c.owner_id.is_not(None))


def _workers(session: Session, now: datetime, presence_seconds: float, accuracy: EstimateAccuracy) -> list[WorkerLoad]:
    alive = select(WorkerRow.name, WorkerRow.devices).where(
        WorkerRow.stopped_at.is_(None), WorkerRow.heartbeat_at >= lost_before(now, presence_seconds)
    )
    running = _running(session)
    alone = [rows[0].shard_id for rows in running.values() if len(rows) == 1 and rows[0].shards == 1]
    progress = seconds_left(session, alone, now)
    loads = []
    for name, devices in session.execute(alive.order_by(WorkerRow.started_at, WorkerRow.name)):
        rows = running.get(name, [])
        expected = sum(row.cost * accuracy.ratio_of(row.owner_id) for row in rows)
        elapsed = max(((now - row.started_at).total_seconds() for row in rows), default=0.0)
        left = progress.get(rows[0].shard_id, expected - elapsed) if rows else 0.0
        works_for = frozenset(one for row in rows for one in (row.owner_id, row.team_id))
        loads.append(WorkerLoad(name, tuple(devices), works_for, max(0.0, left)))
    return loads


_RUNNING = (
    select(
        AttemptRow.worker,
        ShardRow.owner_id,
        ShardRow.team_id,
        func.min(AttemptRow.started_at).label("started_at"),
        func.min(ShardRow.id).label("shard_id"),
        func.count().label("shards"),
        func.sum(ShardRow.cost).label("cost"),
    )
    .join(ShardRow, ShardRow.id == AttemptRow.shard_id)
    .where(AttemptRow.outcome == written(AttemptOutcome.RUNNING))
    .group_by(AttemptRow.worker, ShardRow.owner_id, ShardRow.team_id)
)
"""Running shards; those of a member in a pack are one row."""


def _running(session: Session) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(_RUNNING):
        found[row.worker].append(row)
    return found


_PROGRESS = (
    select(
        ShardRow.id,
        AttemptRow.first_step,
        AttemptRow.started_at,
        AttemptRow.heartbeat_at,
        (JobRow.steps_total / JobRow.trials_total).label("budget"),
        ShardRow.step.label("steps"),
    )
    .join(AttemptRow, and_(AttemptRow.shard_id == ShardRow.id, AttemptRow.number == ShardRow.attempt))
    .join(JobRow, JobRow.id == ShardRow.job_id)
    .where(ShardRow.id.in_(bindparam("ids", expanding=True)))
)


def seconds_left(session: Session, shard_ids: Sequence[str], now: datetime) -> dict[str, float]:
    """Seconds that running shards still take, by id; none of a shard whose attempt has made no step yet."""
    left = {}
    for row in session.execute(_PROGRESS, {"ids": list(shard_ids)}) if shard_ids else ():
        made, until = row.steps - row.first_step, (row.heartbeat_at - row.started_at).total_seconds()
        if made > 0 and until > 0:
            since = (now - row.heartbeat_at).total_seconds()
            left[row.id] = max(0.0, until * (float(row.budget) - row.steps) / made - since)
    return left
