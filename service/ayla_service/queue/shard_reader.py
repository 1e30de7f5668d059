"""The queued shards of the members who may be served, each member's in order, read as they are taken."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ayla_service.db.models import Member, Shard
from ayla_service.queue.eligibility import Contest, queued
from ayla_service.queue.policy import Candidate, claim_order

_MEMBERS_AT_ONCE = 32
_ROWS_PER_SHARD = 4
"""So many shards are looked at for each one that is wanted, and no more: those that fit may be far behind others."""


@dataclass(slots=True)
class LeftOut:
    """What others hold at this moment, as far as a claim has met it."""

    jobs: set[str] = field(default_factory=set)
    shards: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Shelf:
    """A member's shards of one kind of device, as far as they are read."""

    device: str
    rows: deque[Candidate] = field(default_factory=deque)
    last: Candidate | None = None
    ended: bool = False

    def put(self, rows: Sequence[Candidate], asked: int) -> None:
        """Add what was read when so many were asked for."""
        self.rows.extend(rows)
        self.last = rows[-1] if rows else self.last
        self.ended = len(rows) < asked


class Shelves:
    """The shards of a contest.

    Args:
        session: the unit of work.
        contest: whose shards.
        in_order: the members, about as they come.
        count: how many shards are wanted.
        but: what is left out.
    """

    def __init__(self, session: Session, contest: Contest, in_order: Iterable[str], count: int, but: LeftOut) -> None:
        self._session = session
        self._contest = contest
        self._following = deque(in_order)
        self._count = count + len(but.shards)
        # About what each has of so many shards, and as much again.
        self._each = min(self._count, 1 + 2 * self._count // len(contest.oldest))
        self._rows_left = _ROWS_PER_SHARD * self._count
        self._but = but
        self._shelves: dict[str, list[_Shelf]] = {}

    def take(self, member_id: str, fits: Callable[[Candidate], bool]) -> Candidate | None:
        """The member's first shard that fits; it and those before it leave the shelf. None if there is none."""
        while (shelf := self._best(member_id)) is not None:
            shard = shelf.rows.popleft()
            if shard.id not in self._but.shards and fits(shard):
                return shard
        return None

    def _best(self, member_id: str) -> _Shelf | None:
        """The kind of device whose next shard is the member's next."""
        if member_id not in self._shelves:
            self._open(member_id)
        filled = []
        for shelf in self._shelves[member_id]:
            if not shelf.rows and not shelf.ended and self._rows_left > 0:
                self._read_on(member_id, shelf)
            if shelf.rows:
                filled.append(shelf)
        return min(filled, key=lambda shelf: shelf.rows[0].place, default=None)

    def _open(self, member_id: str) -> None:
        """Read the first shards of a member; and if it is not the first one, of those who are about to follow."""
        members = [member_id, *self._next_members(member_id)] if self._shelves else [member_id]
        waiting = self._contest.oldest
        for member in members:
            self._shelves[member] = [_Shelf(device) for device in waiting[member]]
        for device in sorted({device for member in members for device in waiting[member]}):
            having = [member for member in members if device in waiting[member]]
            self._read(device, having)

    def _next_members(self, but: str) -> list[str]:
        members: list[str] = []
        while self._following and len(members) < _MEMBERS_AT_ONCE:
            member = self._following.popleft()
            if member not in self._shelves and member != but:
                members.append(member)
        return members

    def _read(self, device: str, members: Sequence[str]) -> None:
        each = self._each
        found = first_shards(self._session, device, self._contest.priority, members, each, self._but.jobs)
        for member in members:
            shelf = next(shelf for shelf in self._shelves[member] if shelf.device == device)
            shelf.put(found[member], each)
            self._rows_left -= len(found[member])

    def _read_on(self, member_id: str, shelf: _Shelf) -> None:
        where = (*_of(shelf.device, self._contest.priority, self._but.jobs), Shard.owner_id == member_id)
        if shelf.last is not None:
            last = shelf.last
            where += (tuple_(Shard.queued_at, Shard.job_id, Shard.index) > (last.queued_at, last.job_id, last.index),)
        rows = self._session.execute(select(*_columns()).where(*where).order_by(*claim_order()).limit(self._count))
        shelf.put([Candidate(*row) for row in rows], self._count)
        self._rows_left -= len(shelf.rows)


def first_shards(
    session: Session, device: str, priority: int, member_ids: Sequence[str], each: int, jobs_but: Collection[str] = ()
) -> dict[str, list[Candidate]]:
    """The first queued shards of each member, in order; one statement for all."""
    where = _of(device, priority, jobs_but)
    if len(member_ids) == 1:
        query = select(*_columns()).where(*where, Shard.owner_id == member_ids[0])
        query = query.order_by(*claim_order()).limit(each)
    else:
        query = _of_each(session, where, member_ids, each)
    found: dict[str, list[Candidate]] = defaultdict(list)
    for row in session.execute(query):
        found[row.owner_id].append(Candidate(*row))
    return defaultdict(list, {member: sorted(rows, key=lambda shard: shard.place) for member, rows in found.items()})


def _of_each(
    session: Session, where: Sequence[ColumnElement[bool]], member_ids: Sequence[str], each: int
) -> Select[Any]:
    """The front of the index at each member, which SQLite and PostgreSQL have to be asked for differently."""
    first = select(Shard.id).where(*where, Shard.owner_id == Member.id).order_by(*claim_order()).limit(each)
    if session.get_bind().dialect.name == "sqlite":
        query = select(*_columns()).join(Member, Shard.id.in_(first.correlate(Member)))
        return query.where(Member.id.in_(member_ids))
    ids = first.correlate(Member).lateral()
    query = select(*_columns()).select_from(Member).join(ids, true()).join(Shard, Shard.id == ids.c.id)
    return query.where(Member.id.in_(member_ids))


def _of(device: str, priority: int, jobs_but: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    where = queued(device, literal(priority))
    return (*where, Shard.job_id.not_in(jobs_but)) if jobs_but else where


def _columns() -> tuple[InstrumentedAttribute[Any], ...]:
    """Those of a ``Candidate``."""
    return (
        Shard.id, Shard.job_id, Shard.owner_id, Shard.team_id, Shard.index, Shard.queued_at, Shard.cost, Shard.attempt
    )  # fmt: skip
