"""Who has queued work, found from the front of an index: one look for each of them, however many shards each has."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

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

from ayla_service.db.columns import written
from ayla_service.db.models import Attempt, Member, Shard, Team, TeamUsage, Usage
from ayla_service.queue.fair_queue import SharePolicy, Turn, Turns
from ayla_service.states import AttemptOutcome, ShardState

DEVICES = ("auto", "cpu", "cuda")
"""What a job can ask for to run on."""

WORKERS_LIMIT = "workers"
"""The limit of a member or team, by its name in the store, on the workers that run something of it at a time."""

_BEST = -(2**31)
"""No priority is better than this, or as good."""


@dataclass(slots=True)
class Contest:
    """All who may have the next worker: members with queued work of the best priority that has any.

    Attributes:
        priority: of that work.
        now: the store's time.
        teams: where the members' teams stand, by id.
        members: where the members stand, by id within their team's.
        oldest: when the first of a member's shards was queued, by member and kind of device.
        kept: which part of what is stored of a member's or team's use is remembered by now.
        most_workers: the limits on workers at a time, of those members and teams that have one.
    """

    priority: int
    now: datetime
    teams: dict[str, Turn] = field(default_factory=dict)
    members: dict[str, dict[str, Turn]] = field(default_factory=dict)
    oldest: dict[str, dict[str, datetime]] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)
    most_workers: dict[str, float] = field(default_factory=dict)

    def turns(self, policy: SharePolicy) -> Turns:
        """The members and their teams, from where they stand in the store."""
        members = {team_id: list(members.values()) for team_id, members in self.members.items()}
        return Turns(self.teams.values(), members, policy)

    def leave_out(self, full: Collection[str]) -> None:
        """Leave out members, and teams with all of theirs."""
        for team_id in list(self.teams):
            left = {one: turn for one, turn in self.members[team_id].items() if one not in full}
            if team_id in full or not left:
                del self.teams[team_id], self.members[team_id]
            else:
                self.members[team_id] = left
        self.oldest = {one: self.oldest[one] for members in self.members.values() for one in members}


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
    beyond: int | None = None
    while True:
        found = contest(session, devices, now, policy, beyond)
        beyond = next_priority(session, devices, beyond) if found is None else found.priority
        if beyond is None:
            return
        if found is not None and found.most_workers:
            found.leave_out(_full(session, found.most_workers, worker))
        if found is not None and found.teams:
            yield found


def next_priority(session: Session, devices: Collection[str], beyond: int | None = None) -> int | None:
    """The best priority of queued work, or the best after another; None if there is none."""
    row = session.execute(_first_priorities(tuple(sorted(devices))), {"beyond": _BEST if beyond is None else beyond})
    return min((priority for priority in row.one() if priority is not None), default=None)


def contest(
    session: Session,
    devices: Collection[str],
    now: datetime,
    policy: SharePolicy,
    beyond: int | None = None,
    *,
    with_paused: bool = False,
) -> Contest | None:
    """The members with queued work of the best priority, or the best after another; None if there is nobody.

    Those of paused teams are left out unless asked for; if all are, there is nobody even if others have work after it.
    """
    query = _members_waiting(tuple(sorted(devices)), with_paused=with_paused)
    rows = session.execute(query, {"beyond": _BEST if beyond is None else beyond}).all()
    if not rows:
        return None
    found = Contest(rows[0].priority, now)
    for _, owner, _, device, queued_at, *_ in rows:
        found.oldest.setdefault(owner, {})[device] = queued_at
    for _, owner, team_id, _, _, *stored in rows:
        waited = (now - min(found.oldest[owner].values())).total_seconds()
        found.members.setdefault(team_id, {})[owner] = _turn(found, owner, stored, waited, policy)
    for team_id, *stored in session.execute(_TEAMS, {"ids": list(found.members)}):
        waited = max(turn.waited for turn in found.members[team_id].values())
        found.teams[team_id] = _turn(found, team_id, stored, waited, policy)
    return found


def _turn(found: Contest, one_id: str, stored: Sequence[Any], waited: float, policy: SharePolicy) -> Turn:
    """Where a member or team stands at this moment, from what ``_stored`` names."""
    weight, turn, served, at, most = stored
    if most is not None:
        found.most_workers[one_id] = most
    if at is None:
        found.kept[one_id] = 1.0
        return Turn(one_id, weight, waited=waited)
    found.kept[one_id] = kept = policy.kept((found.now - at).total_seconds())
    return Turn(one_id, weight, turn * kept, served * kept, waited)


def _stored(who: type[Member | Team], used: type[Usage | TeamUsage]) -> tuple[ColumnElement[Any], ...]:
    # A limit may be larger than what PostgreSQL calls an integer.
    most: ColumnElement[float] = who.limits[WORKERS_LIMIT].as_float()
    return (who.weight.expression, used.turn.expression, used.served.expression, used.at.expression, most)


_TEAMS = (
    select(Team.id, *_stored(Team, TeamUsage))
    .outerjoin(TeamUsage, TeamUsage.team_id == Team.id)
    .where(Team.id.in_(bindparam("ids", expanding=True)))
)


def queued(device: str, priority: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Conditions on queued shards of a kind of device and a priority: the first columns of the queue's index."""
    return (Shard.state == written(ShardState.QUEUED), Shard.device == device, Shard.priority == priority)


def owners(device: str, priority: ColumnElement[int]) -> CTE:
    """The members with queued work of this kind, each found by one look behind the one before; at last a NULL."""
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


def oldest_of_each(device: str, priority: ColumnElement[int]) -> Select[Any]:
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


def _first_priority(device: str) -> ColumnElement[int]:
    """The best priority beyond ``beyond``."""
    return (
        select(Shard.priority)
        .where(Shard.state == written(ShardState.QUEUED), Shard.device == device, Shard.priority > bindparam("beyond"))
        .order_by(Shard.priority)
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
    columns = (priority.label("priority"), found.c.owner_id, Member.team_id, found.c.device, found.c.queued_at)
    query = (
        select(*columns, *_stored(Member, Usage))
        .select_from(found)
        .join(Member, Member.id == found.c.owner_id)
        .join(Team, Team.id == Member.team_id)
        .outerjoin(Usage, Usage.member_id == Member.id)
    )
    return query if with_paused else query.where(Team.paused_at.is_(None))


def _full(session: Session, most: Mapping[str, float], worker: str) -> set[str]:
    """Who has as many workers as it may; one that runs a pack of many counts for each of them."""
    running = (Attempt.outcome == written(AttemptOutcome.RUNNING), Attempt.worker != worker)
    full = {one for one, workers in most.items() if workers <= 0}
    for owner in (Shard.owner_id, Shard.team_id):
        rows = select(owner, func.count(distinct(Attempt.worker))).join(Attempt, Attempt.shard_id == Shard.id)
        for one, workers in session.execute(rows.where(*running, owner.in_(most)).group_by(owner)):
            full |= {one} if workers >= most[one] else set()
    return full
