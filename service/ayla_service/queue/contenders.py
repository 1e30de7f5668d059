"""Who has queued work, found from the front of an index: one look for each of them, however many shards each has."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, distinct, func, literal, select, union_all
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import Attempt, Member, Shard, Team, TeamUsage, Usage
from ayla_service.queue.turns import Contender, SharePolicy, Turn, Turns
from ayla_service.states import AttemptOutcome, ShardState

WORKERS_LIMIT = "workers"
"""The limit of a member or team, by its name in the store, on the workers that run something of it at a time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member or team stands in the store.

    Attributes:
        id: of the member or team.
        weight: its share beside others.
        turn: as stored; None before the first use.
        served: as stored, with ``turn``.
        kept: which part of both is remembered by now.
        most_workers: the limit on workers at a time, if there is one.
    """

    id: str
    weight: float
    turn: float | None
    served: float | None
    kept: float
    most_workers: int | None

    def now(self, waited: float) -> Turn:
        """The turn at this moment, of one who has waited for so many seconds."""
        return Turn(self.id, self.weight, (self.turn or 0.0) * self.kept, (self.served or 0.0) * self.kept, waited)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A member with queued work of one priority.

    Attributes:
        member: the member.
        team: the member's team.
        oldest: when the first of its shards was queued, by kind of device.
    """

    member: Standing
    team: Standing
    oldest: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Contest:
    """All who may have the next worker: members with queued work of the best priority that has any.

    Attributes:
        priority: of that work.
        waiting: the members, by id.
        now: the store's time.
    """

    priority: int
    waiting: Mapping[str, Waiting]
    now: datetime

    def turns(self, policy: SharePolicy) -> Turns:
        """The contenders, from where they stand in the store."""
        waited: dict[str, float] = defaultdict(float)
        for one in self.waiting.values():
            seconds = (self.now - min(one.oldest.values())).total_seconds()
            waited[one.member.id] = seconds
            waited[one.team.id] = max(waited[one.team.id], seconds)
        teams = {one.team.id: one.team.now(waited[one.team.id]) for one in self.waiting.values()}
        return Turns(
            [
                Contender(one.member.now(waited[one.member.id]), teams[one.team.id]) for one in self.waiting.values()
            ],
            policy,
        )


def contests(
    session: Session, devices: Collection[str], worker: str, now: datetime, policy: SharePolicy
) -> Iterator[Contest]:
    """Who may have this worker, the best priority first; priorities at which nobody may are passed over.

    Nobody of a paused team may, nor who has as many workers already as its limit says.

    Args:
        session: the unit of work.
        devices: the kinds of device that the worker serves.
        worker: its name; what it runs itself does not count.
        now: the store's time.
        policy: how use is remembered.
    """
    priority = next_priority(session, devices)
    while priority is not None:
        found = waiting(session, devices, priority, now, policy)
        able = _within_limits(session, found, worker)
        if able:
            yield Contest(priority, able, now)
        priority = next_priority(session, devices, priority)


def next_priority(session: Session, devices: Collection[str], beyond: int | None = None) -> int | None:
    """The best priority of queued work, or the best after another; None if there is none."""
    looks = [_first_priority(device, beyond) for device in sorted(devices)]
    found = [priority for priority in session.execute(select(*looks)).one() if priority is not None]
    return min(found, default=None)


def waiting(
    session: Session, devices: Collection[str], priority: int, now: datetime, policy: SharePolicy
) -> dict[str, Waiting]:
    """The members with queued work of this priority, but for those of paused teams."""
    oldest: dict[str, dict[str, datetime]] = defaultdict(dict)
    rows: dict[str, Row[Any]] = {}
    for row in session.execute(_members_waiting(tuple(sorted(devices)), priority)):
        oldest[row.owner_id][row.device] = row.queued_at
        rows[row.owner_id] = row
    return {
        owner: Waiting(
            Standing(owner, row.weight, row.turn, row.served, _kept(row.at, now, policy), row.most),
            Standing(
                row.team_id, row.team_weight, row.team_turn, row.team_served, _kept(row.team_at, now, policy),
                row.team_most,
            ),
            oldest[owner],
        )
        for owner, row in rows.items()
    }  # fmt: skip


def _kept(at: datetime | None, now: datetime, policy: SharePolicy) -> float:
    return 1.0 if at is None else policy.kept((now - at).total_seconds())


def queued(device: str, priority: int | ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on queued shards of a kind of device and a priority: the first columns of the queue's index."""
    return (Shard.state == written(ShardState.QUEUED), Shard.device == device, Shard.priority == priority)


def owners(device: str, priority: int) -> CTE:
    """The members with queued work of this kind, each found by one look behind the one before."""
    first = select(Shard.owner_id).where(*queued(device, priority)).order_by(Shard.owner_id).limit(1)
    found = select(first.scalar_subquery().label("owner_id")).cte(f"owners_{device}", recursive=True)
    following = (
        select(Shard.owner_id)
        .where(*queued(device, priority), Shard.owner_id > found.c.owner_id)
        .order_by(Shard.owner_id)
        .limit(1)
        .correlate(found)
    )
    return found.union_all(select(following.scalar_subquery()).where(found.c.owner_id.is_not(None)))


def oldest_of_each(device: str, priority: int) -> Select[Any]:
    """The members with queued work of this kind, and when the first shard of each was queued."""
    found = owners(device, priority)
    oldest = (
        select(Shard.queued_at)
        .where(*queued(device, priority), Shard.owner_id == found.c.owner_id)
        .order_by(Shard.queued_at)
        .limit(1)
        .correlate(found)
    )
    columns = (found.c.owner_id, literal(device).label("device"), oldest.scalar_subquery().label("queued_at"))
    return select(*columns).where(found.c.owner_id.is_not(None))


def _first_priority(device: str, beyond: int | None) -> ColumnElement[int]:
    look = select(Shard.priority).where(Shard.state == written(ShardState.QUEUED), Shard.device == device)
    if beyond is not None:
        look = look.where(Shard.priority > beyond)
    return look.order_by(Shard.priority).limit(1).scalar_subquery()


def _members_waiting(devices: Sequence[str], priority: int) -> Select[Any]:
    found = union_all(*(oldest_of_each(device, priority) for device in devices)).subquery()
    return (
        select(
            found.c.owner_id,
            found.c.device,
            found.c.queued_at,
            Member.team_id,
            Member.weight,
            Member.limits[WORKERS_LIMIT].as_integer().label("most"),
            Team.weight.label("team_weight"),
            Team.limits[WORKERS_LIMIT].as_integer().label("team_most"),
            Usage.turn,
            Usage.served,
            Usage.at,
            TeamUsage.turn.label("team_turn"),
            TeamUsage.served.label("team_served"),
            TeamUsage.at.label("team_at"),
        )
        .join(Member, Member.id == found.c.owner_id)
        .join(Team, Team.id == Member.team_id)
        .outerjoin(Usage, Usage.member_id == Member.id)
        .outerjoin(TeamUsage, TeamUsage.team_id == Team.id)
        .where(Team.paused_at.is_(None))
    )


def _within_limits(session: Session, found: Mapping[str, Waiting], worker: str) -> dict[str, Waiting]:
    if all(one.member.most_workers is None and one.team.most_workers is None for one in found.values()):
        return dict(found)
    busy = _busy_workers(session, worker)
    return {
        owner: one
        for owner, one in found.items()
        if _has_room(one.member, busy.get(owner, 0)) and _has_room(one.team, busy.get(one.team.id, 0))
    }


def _has_room(one: Standing, workers: int) -> bool:
    return one.most_workers is None or workers < one.most_workers


def _busy_workers(session: Session, but: str) -> dict[str, int]:
    """How many workers run something of each member and team; one that runs a pack of many counts for each."""
    running = (Attempt.outcome == written(AttemptOutcome.RUNNING), Attempt.worker != but)
    counts: dict[str, int] = {}
    for owner in (Shard.owner_id, Shard.team_id):
        rows = select(owner, func.count(distinct(Attempt.worker))).join(Attempt, Attempt.shard_id == Shard.id)
        counts |= {row[0]: row[1] for row in session.execute(rows.where(*running).group_by(owner))}
    return counts
