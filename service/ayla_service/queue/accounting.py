"""What members and teams have used: charged by the estimate when a shard is claimed, put right when its attempt ends.

Always the last that a unit of work does, members in the order of their ids and then teams: so who holds one of these
rows waits for nothing that another might hold.
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
from ayla_service.db.models import Attempt, Member, Shard, Team, TeamUsage, Usage
from ayla_service.queue.eligibility import Contest
from ayla_service.queue.fair_queue import Growth, SharePolicy, Used
from ayla_service.states import AttemptOutcome

_Table = type[Usage] | type[TeamUsage]
_Change = Callable[[_Table, Any], Mapping[str, Any]]
"""How a row that is there changes, by what is added to it."""

_Rows = dict[str, dict[str, Any]]
"""What is added, by the id of the member or team."""


def charge(session: Session, contest: Contest, claimed: Iterable[Used], policy: SharePolicy) -> None:
    """Count in what is claimed, by its estimate, so that the next claim sees it."""
    claimed = list(claimed)
    members, teams = contest.turns(policy).grown(claimed)
    team_of = {one.member_id: one.team_id for one in claimed}
    _add(
        session,
        {one: {"team_id": team_of[one]} | _row(growth, contest, one) for one, growth in members.items()},
        {one: _row(growth, contest, one) for one, growth in teams.items()},
        _forgetting,
    )


def _row(growth: Growth, contest: Contest, one_id: str) -> dict[str, Any]:
    row = {"seconds": growth.seconds, "turn": growth.at, "served": growth.served}
    return row | {"at": contest.now, "kept": contest.kept[one_id]}


def settle(session: Session, ended: Iterable[Used], now: datetime) -> None:
    """Put right what was charged for attempts, now that their time is known.

    It counts as used when the member was charged last, which is as long ago as the attempt lasted at most.

    Args:
        session: the unit of work.
        ended: of each attempt, by how much its time differs from what was charged.
        now: the store's time.
    """
    members: dict[str, float] = defaultdict(float)
    for one in ended:
        members[one.member_id] += one.seconds
    if not members:
        return
    weights = _weights(session, members)
    teams: _Rows = defaultdict(lambda: {"seconds": 0.0, "turn": 0.0, "served": 0.0, "at": now})
    rows: _Rows = {}
    for member_id, team_id, weight, team_weight in weights:
        seconds = members[member_id]
        rows[member_id] = {"team_id": team_id, "at": now} | _corrected(seconds, weight)
        for name, value in _corrected(seconds, team_weight).items():
            teams[team_id][name] += value
    _add(session, rows, teams, _correcting)


def after_attempt(session: Session, shard: Shard, attempt: Attempt, now: datetime) -> Used:
    """By how much an attempt that ends differs from what was charged; what else its worker runs takes its part."""
    beside = select(Shard.cost).join(Attempt, Attempt.shard_id == Shard.id)
    beside = beside.where(Attempt.outcome == written(AttemptOutcome.RUNNING), Attempt.worker == attempt.worker)
    others = session.scalars(beside.where(Attempt.shard_id != shard.id)).all()
    seconds = (now - attempt.started_at).total_seconds()
    return Used(shard.owner_id, shard.team_id, part(seconds, shard.cost, [shard.cost, *others]) - shard.cost)


def part(seconds: float, cost: float, costs: Sequence[float]) -> float:
    """The part of a worker's time that goes to a shard, of all those that it ran together, by their estimates."""
    together = sum(costs)
    return seconds * cost / together if together > 0.0 else seconds / len(costs)


def _corrected(seconds: float, weight: float) -> dict[str, float]:
    # Who was charged too much was not really served as late as that; others are not to be lifted so far.
    return {"seconds": seconds, "turn": seconds / weight, "served": min(0.0, seconds) / weight}


def _weights(session: Session, member_ids: Iterable[str]) -> Sequence[Any]:
    query = select(Member.id, Member.team_id, Member.weight, Team.weight).join(Team, Team.id == Member.team_id)
    return session.execute(query.where(Member.id.in_(list(member_ids)))).all()


def _forgetting(table: _Table, added: Any) -> Mapping[str, Any]:
    kept = bindparam("kept", type_=Double)
    return {
        "seconds": table.seconds * kept + added.seconds,
        "turn": table.turn * kept + added.turn,
        "served": table.turn * kept + added.served,
        "at": added.at,
    }


def _correcting(table: _Table, added: Any) -> Mapping[str, Any]:
    return {name: getattr(table, name) + added[name] for name in ("seconds", "turn", "served")}


def _add(session: Session, members: _Rows, teams: _Rows, change: _Change) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for table, key, rows in ((Usage, "member_id", members), (TeamUsage, "team_id", teams)):
        if rows:
            sorted_rows = [{key: one_id, **rows[one_id]} for one_id in sorted(rows)]
            session.connection().execute(_upsert(table, key, change, is_sqlite=is_sqlite), sorted_rows)


@lru_cache
def _upsert(table: _Table, key: str, change: _Change, *, is_sqlite: bool) -> Executable:
    new = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    return new.on_conflict_do_update(index_elements=[key], set_=change(table, new.excluded))
