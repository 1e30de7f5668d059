"""Eligible members: those with queued work who may have the next worker, each found by one look into the index."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    bindparam,
    distinct,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from ayla_service.db.columns import UtcDateTime, written
from ayla_service.db.models import AttemptRow, MemberRow, ShardRow, TeamRow, TeamUsageRow, UsageRow
from ayla_service.db.session import store_now
from ayla_service.queue.fair_queue import FairQueue, SharePolicy, VirtualClock
from ayla_service.queue.lifecycle import due_shards
from ayla_service.states import AttemptOutcome, ShardState

DEVICES = ("auto", "cpu", "cuda")
"""Kinds of device that a job can ask for."""

WORKERS_LIMIT = "workers"
"""Name in the store of the limit on the workers that run something of a member or team at a time."""

_BEST = -(2**31)
"""No priority is better than this, or as good."""


@dataclass(slots=True)
class EligibleMembers:
    """Members with queued work of the best priority that has any.

    Attributes:
        priority: of that work.
        now: the store's time.
        teams: virtual clocks of the members' teams, by id.
        members: virtual clocks of the members, by id within their team's.
        oldest: time at which the first of a member's shards was queued, by member and kind of device.
        decay: part of a member's or team's stored usage that still counts.
        worker_limits: limits on workers at a time, of those members and teams that have one.
    """

    priority: int
    now: datetime
    teams: dict[str, VirtualClock] = field(default_factory=dict)
    members: dict[str, dict[str, VirtualClock]] = field(default_factory=dict)
    oldest: dict[str, dict[str, datetime]] = field(default_factory=dict)
    decay: dict[str, float] = field(default_factory=dict)
    worker_limits: dict[str, float] = field(default_factory=dict)

    def fair_queue(self, policy: SharePolicy) -> FairQueue:
        """The members in the order in which they are served."""
        members = {team_id: list(members.values()) for team_id, members in self.members.items()}
        return FairQueue(self.teams.values(), members, policy)

    def exclude(self, full: Collection[str]) -> None:
        """Take members out, and teams with all of theirs."""
        for team_id in list(self.teams):
            left = {one: clock for one, clock in self.members[team_id].items() if one not in full}
            if team_id in full or not left:
                del self.teams[team_id], self.members[team_id]
            else:
                self.members[team_id] = left
        self.oldest = {one: self.oldest[one] for members in self.members.values() for one in members}


def eligible_by_priority(
    session: Session, devices: Collection[str], worker: str, now: datetime, policy: SharePolicy
) -> Iterator[EligibleMembers]:
    """Members who may have this worker, the best priority first; priorities without any are passed over.

    A member is not eligible if its team is paused, or if either has as many workers already as its limit says.

    Args:
        session: the unit of work.
        devices: the kinds of device that the worker serves.
        worker: its name; what it runs itself does not count.
        now: the store's time.
        policy: how past usage counts.
    """
    after: int | None = None
    while True:
        found = waiting_members(session, devices, now, policy, after)
        after = next_priority(session, devices, after) if found is None else found.priority
        if after is None:
            return
        if found is not None and found.worker_limits:
            found.exclude(_at_limit(session, found.worker_limits, worker))
        if found is not None and found.teams:
            yield found


class WorkInSight(NamedTuple):
    """What there may be to claim.

    Attributes:
        queued: whether a shard is queued.
        due: whether the pause of a delayed one is over.
    """

    queued: bool
    due: bool


def work_in_sight(session: Session, devices: Collection[str]) -> WorkInSight:
    """Look whether there may be something to claim for these kinds of device; one statement, which locks nothing."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    values: dict[str, Any] = {"after": _BEST} | ({"now": store_now(session)} if is_sqlite else {})
    query = _in_sight(tuple(sorted(devices)), is_sqlite=is_sqlite)
    *priorities, due = session.execute(query, values).one()
    return WorkInSight(any(priority is not None for priority in priorities), bool(due))


@lru_cache
def _in_sight(devices: Sequence[str], *, is_sqlite: bool) -> Select[Any]:
    # On PostgreSQL the time of the transaction: unlike that of the clock it can be looked up in an index.
    now: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime) if is_sqlite else func.now()
    return _first_priorities(devices).add_columns(due_shards(now).exists())


def next_priority(session: Session, devices: Collection[str], after: int | None = None) -> int | None:
    """The best priority of queued work, or the best after another; None if there is none."""
    row = session.execute(_first_priorities(tuple(sorted(devices))), {"after": _BEST if after is None else after})
    return min((priority for priority in row.one() if priority is not None), default=None)


def waiting_members(
    session: Session,
    devices: Collection[str],
    now: datetime,
    policy: SharePolicy,
    after: int | None = None,
    *,
    with_paused: bool = False,
) -> EligibleMembers | None:
    """The members with queued work of the best priority, or the best after another; None if there is nobody.

    Those of paused teams are left out unless asked for; if all are, there is nobody even if others have work after it.
    """
    query = _members_waiting(tuple(sorted(devices)), with_paused=with_paused)
    rows = session.execute(query, {"after": _BEST if after is None else after}).all()
    if not rows:
        return None
    found = EligibleMembers(rows[0].priority, now)
    for _, owner, _, device, queued_at, *_ in rows:
        found.oldest.setdefault(owner, {})[device] = queued_at
    teams: dict[str, Sequence[Any]] = {}
    for _, owner, team_id, _, _, *stored in rows:
        waited = (now - min(found.oldest[owner].values())).total_seconds()
        found.members.setdefault(team_id, {})[owner] = _clock(found, owner, stored[:_STORED], waited, policy)
        teams[team_id] = stored[_STORED:]
    for team_id, of_team in teams.items():
        waited = max(clock.waited for clock in found.members[team_id].values())
        found.teams[team_id] = _clock(found, team_id, of_team, waited, policy)
    return found


def _clock(
    found: EligibleMembers, one_id: str, stored: Sequence[Any], waited: float, policy: SharePolicy
) -> VirtualClock:
    """Virtual clock of a member or team at this moment, from the columns that ``_stored`` names."""
    weight, virtual_time, last_start, at, limit = stored
    if limit is not None:
        found.worker_limits[one_id] = limit
    if at is None:
        found.decay[one_id] = 1.0
        return VirtualClock(one_id, weight, waited=waited)
    found.decay[one_id] = decay = policy.decay((found.now - at).total_seconds())
    return VirtualClock(one_id, weight, virtual_time * decay, last_start * decay, waited)


def _stored(who: type[MemberRow | TeamRow], usage: type[UsageRow | TeamUsageRow]) -> tuple[ColumnElement[Any], ...]:
    # A limit may be larger than what PostgreSQL calls an integer.
    limit: ColumnElement[float] = who.limits[WORKERS_LIMIT].as_float()
    clock = (usage.virtual_time.expression, usage.last_start.expression, usage.at.expression)
    return (who.weight.expression, *clock, limit)


_STORED = 5
"""Number of those columns."""


def queued(device: str, priority: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on queued shards of a kind of device and a priority: the first columns of the queue's index."""
    return (ShardRow.state == written(ShardState.QUEUED), ShardRow.device == device, ShardRow.priority == priority)


def owners(device: str, priority: ColumnElement[int]) -> CTE:
    """Members with queued work of this kind, each found by one look behind the one before; at last a NULL."""
    first = select(ShardRow.owner_id).where(*queued(device, priority)).order_by(ShardRow.owner_id).limit(1)
    found = select(first.scalar_subquery().label("owner_id")).cte(f"owners_{device}", recursive=True)
    following = (
        select(ShardRow.owner_id)
        .where(*queued(device, priority), ShardRow.owner_id > found.c.owner_id)
        .order_by(ShardRow.owner_id)
        .limit(1)
        .correlate(found)
    )
    return found.union_all(select(following.scalar_subquery()).where(found.c.owner_id.is_not(None)))


def oldest_of_each(device: str, priority: ColumnElement[int]) -> Select[Any]:
    """Members with queued work of this kind, and the time at which the first shard of each was queued."""
    found = owners(device, priority)
    oldest = (
        select(ShardRow.queued_at)
        .where(*queued(device, priority), ShardRow.owner_id == found.c.owner_id)
        .order_by(ShardRow.queued_at)
        .limit(1)
        .correlate(found)
    )
    columns = (found.c.owner_id, literal(device).label("device"), oldest.scalar_subquery().label("queued_at"))
    return select(*columns).where(found.c.owner_id.is_not(None))


def _first_priority(device: str) -> ColumnElement[int]:
    """The best priority after ``after``."""
    return (
        select(ShardRow.priority)
        .where(
            ShardRow.state == written(ShardState.QUEUED),
            ShardRow.device == device,
            ShardRow.priority > bindparam("after"),
        )
        .order_by(ShardRow.priority)
        .limit(1)
        .scalar_subquery()
    )


@lru_cache
def _first_priorities(devices: Sequence[str]) -> Select[Any]:
    """Made once, as all statements here: to put one together takes longer than to run it."""
    looks: list[Any] = [_first_priority(device) for device in devices]
    return select(*looks)


@lru_cache
def _members_waiting(devices: Sequence[str], *, with_paused: bool) -> Select[Any]:
    firsts = union_all(*(select(_first_priority(device).label("priority")) for device in devices)).subquery()
    best = select(func.min(firsts.c.priority).label("priority")).cte("best")
    priority = select(best.c.priority).scalar_subquery()
    found = union_all(*(oldest_of_each(device, priority) for device in devices)).subquery()
    columns = (priority.label("priority"), found.c.owner_id, MemberRow.team_id, found.c.device, found.c.queued_at)
    # With its team's columns in each member's row: claims wait for each other, so each statement of one counts.
    query = (
        select(*columns, *_stored(MemberRow, UsageRow), *_stored(TeamRow, TeamUsageRow))
        .select_from(found)
        .join(MemberRow, MemberRow.id == found.c.owner_id)
        .join(TeamRow, TeamRow.id == MemberRow.team_id)
        .outerjoin(UsageRow, UsageRow.member_id == MemberRow.id)
        .outerjoin(TeamUsageRow, TeamUsageRow.team_id == TeamRow.id)
    )
    return query if with_paused else query.where(TeamRow.paused_at.is_(None))


def _at_limit(session: Session, limits: Mapping[str, float], worker: str) -> set[str]:
    """Members and teams with as many workers as they may have; one that runs a pack of many counts for each of them."""
    running = (AttemptRow.outcome == written(AttemptOutcome.RUNNING), AttemptRow.worker != worker)
    full = {one for one, workers in limits.items() if workers <= 0}
    for owner in (ShardRow.owner_id, ShardRow.team_id):
        rows = select(owner, func.count(distinct(AttemptRow.worker))).join(
            AttemptRow, AttemptRow.shard_id == ShardRow.id
        )
        for one, workers in session.execute(rows.where(*running, owner.in_(limits)).group_by(owner)):
            full |= {one} if workers >= limits[one] else set()
    return full
