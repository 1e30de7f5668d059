"""What the whole queue looks like at a moment: workers, what they run, what waits and how good the estimates are.

Bounded however much waits: long stretches of the queue are counted up to a limit, and weighed by a sample.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Attempt, Job, Shard, Team, Trial, Worker
from ayla_service.db.session import store_now
from ayla_service.queue.eligibility import DEVICES, Contest, contest, owners, queued
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.forecast import Sharing
from ayla_service.queue.workers import lost_before
from ayla_service.states import AttemptOutcome, JobState, ShardState

COUNTED_AT_MOST = 10_000
"""Shards that are counted in all, about; of each member at least the next."""

_COUNTED_AT_LEAST = 20
_SAMPLE = 20
_JOBS_MEASURED = 200
_ATTEMPTS_MEASURED = 300
_FEWEST_MEASURED = 5
"""So many attempts of a member have to have ended before they say more than those of all."""


_Ended = Select[str, float, str, datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Measured:
    """How long attempts that ended lately took, over what had been estimated.

    Attributes:
        attempts: how many.
        ratio: of all of them; 1 where there is none.
        low: a quarter of the attempts had a ratio below.
        high: a quarter had one above.
        by_member: the ratio of those members of whose attempts enough have ended.
    """

    attempts: int = 0
    ratio: float = 1.0
    low: float = 1.0
    high: float = 1.0
    by_member: Mapping[str, float] = field(default_factory=dict)

    def of(self, member_id: str) -> float:
        """What to expect of a member's shards."""
        return self.by_member.get(member_id, self.ratio)


@dataclass(frozen=True, slots=True)
class Load:
    """A worker that lives.

    Attributes:
        name: of the worker.
        devices: which requested devices it serves.
        works_for: members and teams of what it runs; nobody if it is idle.
        seconds_left: until it is free, about.
    """

    name: str
    devices: tuple[str, ...]
    works_for: frozenset[str] = frozenset()
    seconds_left: float = 0.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a member has queued of one priority for one kind of device.

    Attributes:
        shards: how many; at least so many if that is as far as was counted.
        is_more: whether there are more.
        cost: of one of them, as estimated, in the mean of the first.
    """

    priority: int
    device: str
    member_id: str
    team_id: str
    shards: int
    is_more: bool
    cost: float

    @property
    def key(self) -> tuple[int, str, str]:
        """What it is of."""
        return (self.priority, self.device, self.member_id)


@dataclass(frozen=True, slots=True)
class Census:
    """All of it.

    Attributes:
        now: the store's time.
        loads: the workers that live.
        stretches: what is queued, the best priority first.
        sharing: who has queued work.
        paused: teams of which nothing is started.
        measured: how good the estimates are.
        most_counted: how many shards of a stretch are counted at most.
    """

    now: datetime
    loads: Sequence[Load]
    stretches: Sequence[Stretch]
    sharing: Sharing
    paused: frozenset[str]
    measured: Measured
    most_counted: int


def census(session: Session, presence_seconds: float, policy: SharePolicy) -> Census:
    """The whole queue; ``presence_seconds`` as for ``list_workers``."""
    now = store_now(session)
    found: list[Contest] = []
    while one := contest(session, DEVICES, now, policy, found[-1].priority if found else None, with_paused=True):
        found.append(one)
    lanes = sum(len(devices) for one in found for devices in one.oldest.values())
    most = max(_COUNTED_AT_LEAST, COUNTED_AT_MOST // max(1, lanes))
    measured = _measured(session)
    return Census(
        now,
        _loads(session, now, presence_seconds, measured),
        [stretch for one in found for stretch in _stretches(session, one, most)],
        _sharing(found, policy),
        frozenset(session.scalars(select(Team.id).where(Team.paused_at.is_not(None)))),
        measured,
        most,
    )


def _sharing(found: Sequence[Contest], policy: SharePolicy) -> Sharing:
    """Who has work of several priorities stands where it stands at the best of them."""
    weights: dict[str, float] = {}
    turns: dict[str, float] = {}
    waited: dict[str, float] = {}
    limits: dict[str, float] = {}
    for one in reversed(found):
        everyone = (one.teams, *one.members.values())
        weights |= {turn.id: turn.weight for some in everyone for turn in some.values()}
        waited |= {turn.id: turn.waited for some in everyone for turn in some.values()}
        turns |= one.turns(policy).at()
        limits |= one.most_workers
    return Sharing(weights, turns, waited, limits)


def _stretches(session: Session, found: Contest, most: int) -> list[Stretch]:
    team_of = {member: team for team, members in found.members.items() for member in members}
    stretches = []
    for device in sorted({device for devices in found.oldest.values() for device in devices}):
        rows = session.execute(_counts(device), {"priority": found.priority, "most": most, "sample": _SAMPLE})
        stretches += [
            Stretch(found.priority, device, member, team_of[member], count, count >= most, cost or 0.0)
            for member, count, cost in rows
            if member in team_of
        ]
    return stretches


@lru_cache
def _counts(device: str) -> Select[Any]:
    """How many shards each member has queued, up to a limit, and their mean cost, of a sample."""
    priority = bindparam("priority", type_=Integer)
    found = owners(device, priority)
    of_member = (*queued(device, priority), Shard.owner_id == found.c.owner_id)
    some = select(Shard.id).where(*of_member).limit(bindparam("most")).correlate(found).subquery()
    sample = select(Shard.cost).where(*of_member).limit(bindparam("sample")).correlate(found).subquery()
    count = select(func.count()).select_from(some).scalar_subquery()
    cost = select(func.avg(sample.c.cost)).scalar_subquery()
    return select(found.c.owner_id, count, cost).where(found.c.owner_id.is_not(None))


def _loads(session: Session, now: datetime, presence_seconds: float, measured: Measured) -> list[Load]:
    alive = select(Worker.name, Worker.devices).where(
        Worker.stopped_at.is_(None), Worker.heartbeat_at >= lost_before(now, presence_seconds)
    )
    running = _running(session)
    alone = [rows[0].shard_id for rows in running.values() if len(rows) == 1 and rows[0].shards == 1]
    progress = seconds_left(session, alone, now)
    loads = []
    for name, devices in session.execute(alive.order_by(Worker.started_at, Worker.name)):
        rows = running.get(name, [])
        expected = sum(row.cost * measured.of(row.owner_id) for row in rows)
        elapsed = max(((now - row.started_at).total_seconds() for row in rows), default=0.0)
        left = progress.get(rows[0].shard_id, expected - elapsed) if rows else 0.0
        works_for = frozenset(one for row in rows for one in (row.owner_id, row.team_id))
        loads.append(Load(name, tuple(devices), works_for, max(0.0, left)))
    return loads


def _running(session: Session) -> dict[str, list[Any]]:
    """What runs, by worker; the shards of a member in a pack are one row."""
    rows = session.execute(
        select(
            Attempt.worker,
            Shard.owner_id,
            Shard.team_id,
            func.min(Attempt.started_at).label("started_at"),
            func.min(Shard.id).label("shard_id"),
            func.count().label("shards"),
            func.sum(Shard.cost).label("cost"),
        )
        .join(Shard, Shard.id == Attempt.shard_id)
        .where(Attempt.outcome == written(AttemptOutcome.RUNNING))
        .group_by(Attempt.worker, Shard.owner_id, Shard.team_id)
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.worker].append(row)
    return found


def seconds_left(session: Session, shard_ids: Sequence[str], now: datetime) -> dict[str, float]:
    """How long running shards will still take, as far as the steps of their attempts tell."""
    if not shard_ids:
        return {}
    steps = func.max(Trial.steps_done)
    rows = session.execute(
        select(
            Shard.id,
            Attempt.first_step,
            Attempt.started_at,
            Attempt.heartbeat_at,
            (Job.steps_total / Job.trials_total).label("budget"),
            steps.label("steps"),
        )
        .join(Attempt, and_(Attempt.shard_id == Shard.id, Attempt.number == Shard.attempt))
        .join(Job, Job.id == Shard.job_id)
        .join(Trial, Trial.shard_id == Shard.id)
        .where(Shard.id.in_(shard_ids))
        .group_by(
            Shard.id, Attempt.first_step, Attempt.started_at, Attempt.heartbeat_at, Job.steps_total, Job.trials_total
        )
    )
    left = {}
    for row in rows:
        made, until = row.steps - row.first_step, (row.heartbeat_at - row.started_at).total_seconds()
        if made > 0 and until > 0:
            since = (now - row.heartbeat_at).total_seconds()
            left[row.id] = max(0.0, until * (float(row.budget) - row.steps) / made - since)
    return left


def _measured(session: Session) -> Measured:
    """From attempts of the jobs that ended last and of those that run, a number of each."""
    packs: dict[tuple[str, datetime], list[Any]] = defaultdict(list)
    for query in (_ended_last(), _ended_of_running()):
        for row in session.execute(query):
            packs[row.worker, row.started_at].append(row)
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for rows in packs.values():
        # What ran together took the time once.
        seconds = (max(row.ended_at for row in rows) - rows[0].started_at).total_seconds()
        cost = sum(row.cost for row in rows)
        for row in rows:
            times[row.owner_id].append((seconds * row.cost / cost if cost else seconds / len(rows), row.cost))
    return _summary(times)


def _summary(times: Mapping[str, Sequence[tuple[float, float]]]) -> Measured:
    everything = [one for some in times.values() for one in some if one[1] > 0]
    if not everything:
        return Measured()
    ratios = sorted(seconds / cost for seconds, cost in everything)
    by_member = {member: _ratio(some) for member, some in times.items() if len(some) >= _FEWEST_MEASURED}
    low, high = ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]
    return Measured(len(everything), _ratio(everything), low, high, by_member)


def _ratio(times: Sequence[tuple[float, float]]) -> float:
    cost = sum(one for _, one in times)
    return sum(seconds for seconds, _ in times) / cost if cost > 0 else 1.0


def _ended_last() -> _Ended:
    jobs = select(Job.id).where(Job.finished_at.is_not(None)).order_by(Job.finished_at.desc()).limit(_JOBS_MEASURED)
    return _ended(jobs)


def _ended_of_running() -> _Ended:
    return _ended(select(Job.id).where(Job.state == JobState.RUNNING).limit(_JOBS_MEASURED))


def _ended(jobs: Select[str]) -> _Ended:
    found = jobs.subquery()
    return (
        select(Shard.owner_id, Shard.cost, Attempt.worker, Attempt.started_at, Attempt.ended_at)
        .select_from(found)
        .join(Shard, Shard.job_id == found.c.id)
        .join(Attempt, and_(Attempt.shard_id == Shard.id, Attempt.number == Shard.attempt))
        .where(Shard.state == ShardState.SUCCEEDED, Attempt.outcome == AttemptOutcome.SUCCEEDED)
        .limit(_ATTEMPTS_MEASURED)
    )
