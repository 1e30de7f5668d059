"""Accounting of computing time: charged by the estimate when a shard is claimed, corrected when its attempt ends.

Always the last statements of a unit of work, members in the order of their ids and then teams: a transaction that holds
one of these rows waits for nothing that another one might hold.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Double, Executable, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import AttemptRow, MemberRow, ShardRow, TeamRow, TeamUsageRow, UsageRow
from ayla_service.queue.eligibility import EligibleMembers
from ayla_service.queue.fair_queue import ResourceUsage, SharePolicy, UsageDelta
from ayla_service.states import AttemptOutcome

_Table = type[UsageRow] | type[TeamUsageRow]
_Change = Callable[[_Table, Any], Mapping[str, Any]]
"""Rule by which an existing row changes, from what is added to it."""

_Rows = dict[str, dict[str, Any]]
"""Values that are added, by the id of the member or team."""


def charge(session: Session, eligible: EligibleMembers, claimed: Iterable[ResourceUsage], policy: SharePolicy) -> None:
    """Charge members and teams the estimate of what is claimed, so that the next claim sees it."""
    claimed = list(claimed)
    members, teams = eligible.fair_queue(policy).deltas(claimed)
    team_of = {one.member_id: one.team_id for one in claimed}
    _add(
        session,
        {one: {"team_id": team_of[one]} | _row(delta, eligible, one) for one, delta in members.items()},
        {one: _row(delta, eligible, one) for one, delta in teams.items()},
        _decayed,
    )


def _row(delta: UsageDelta, eligible: EligibleMembers, one_id: str) -> dict[str, Any]:
    return delta._asdict() | {"at": eligible.now, "decay": eligible.decay[one_id]}


def settle(session: Session, ended: Iterable[ResourceUsage], now: datetime) -> None:
    """Correct what was charged for attempts, now that their time is known.

    It counts as used when the member was charged last, which is as long ago as the attempt lasted at most.

    Args:
        session: the unit of work.
        ended: of each attempt, its time less what was charged.
        now: the store's time.
    """
    members: dict[str, float] = defaultdict(float)
    for one in ended:
        members[one.member_id] += one.seconds
    if not members:
        return
    weights = _weights(session, members)
    teams: _Rows = defaultdict(lambda: {**UsageDelta()._asdict(), "at": now})
    rows: _Rows = {}
    for member_id, team_id, weight, team_weight in weights:
        seconds = members[member_id]
        rows[member_id] = {"team_id": team_id, "at": now} | _correction(seconds, weight)
        for name, value in _correction(seconds, team_weight).items():
            teams[team_id][name] += value
    _add(session, rows, teams, _corrected)


def attempt_correction(session: Session, shard: ShardRow, attempt: AttemptRow, now: datetime) -> ResourceUsage:
    """Correction for an attempt that ends: its time less the charge; what else its worker runs has its share."""
    beside = select(ShardRow.cost).join(AttemptRow, AttemptRow.shard_id == ShardRow.id)
    beside = beside.where(AttemptRow.outcome == written(AttemptOutcome.RUNNING), AttemptRow.worker == attempt.worker)
    others = session.scalars(beside.where(AttemptRow.shard_id != shard.id)).all()
    seconds = (now - attempt.started_at).total_seconds()
    return ResourceUsage(
        shard.owner_id, shard.team_id, time_share(seconds, shard.cost, [shard.cost, *others]) - shard.cost
    )


def time_share(seconds: float, cost: float, costs: Sequence[float]) -> float:
    """Share of a worker's time that goes to one shard of those that it ran together, by their estimates."""
    together = sum(costs)
    return seconds * cost / together if together > 0.0 else seconds / len(costs)


def _correction(seconds: float, weight: float) -> dict[str, float]:
    # Who was charged too much was not really served as late as that; others are not to be lifted so far.
    return UsageDelta(seconds, seconds / weight, min(0.0, seconds) / weight)._asdict()


def _weights(session: Session, member_ids: Iterable[str]) -> Sequence[Any]:
    query = select(MemberRow.id, MemberRow.team_id, MemberRow.weight, TeamRow.weight).join(
        TeamRow, TeamRow.id == MemberRow.team_id
    )
    return session.execute(query.where(MemberRow.id.in_(list(member_ids)))).all()


def _decayed(table: _Table, added: Any) -> Mapping[str, Any]:
    decay = bindparam("decay", type_=Double)
    return {
        "seconds": table.seconds * decay + added.seconds,
        "virtual_time": table.virtual_time * decay + added.virtual_time,
        "last_start": table.virtual_time * decay + added.last_start,
        "at": added.at,
    }


def _corrected(table: _Table, added: Any) -> Mapping[str, Any]:
    return {name: getattr(table, name) + added[name] for name in UsageDelta._fields}


def _add(session: Session, members: _Rows, teams: _Rows, change: _Change) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for table, key, rows in ((UsageRow, "member_id", members), (TeamUsageRow, "team_id", teams)):
        if rows:
            sorted_rows = [{key: one_id, **rows[one_id]} for one_id in sorted(rows)]
            session.connection().execute(_upsert(table, key, change, is_sqlite=is_sqlite), sorted_rows)


@lru_cache
def _upsert(table: _Table, key: str, change: _Change, *, is_sqlite: bool) -> Executable:
    new = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    return new.on_conflict_do_update(index_elements=[key], set_=change(table, new.excluded))
