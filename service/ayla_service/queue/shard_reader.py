"""Reader of the queued shards of eligible members, each member's in order, as they are taken."""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from ayla_service.db.models import MemberRow, ShardRow
from ayla_service.queue.eligibility import EligibleMembers, queued
from ayla_service.queue.policy import Candidate, claim_order

_MEMBERS_AT_ONCE = 32
_ROWS_PER_SHARD = 4
"""Shards read at most for each one that is wanted: those that fit may be far behind others."""


@dataclass(slots=True)
class Skipped:
    """Jobs and shards that other transactions hold, as far as a claim has met them."""

    jobs: set[str] = field(default_factory=set)
    shards: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Buffer:
    """A member's shards of one kind of device, as far as they are read."""

    device: str
    rows: deque[Candidate] = field(default_factory=deque)
    last: Candidate | None = None
    ended: bool = False

    def add(self, rows: Sequence[Candidate], asked: int) -> None:
        """Add the rows that were read when so many were asked for."""
        self.rows.extend(rows)
        self.last = rows[-1] if rows else self.last
        self.ended = len(rows) < asked


class ShardReader:
    """Reader of the queued shards of eligible members.

    Args:
        session: the unit of work.
        eligible: the members.
        in_order: their ids, about as they come.
        count: number of shards that are wanted.
        skipped: jobs and shards to leave out.
    """

    def __init__(
        self, session: Session, eligible: EligibleMembers, in_order: Iterable[str], count: int, skipped: Skipped
    ) -> None:
        self._session = session
        self._eligible = eligible
        self._following = deque(in_order)
        self._count = count + len(skipped.shards)
        # About what each has of so many shards, and as much again.
        self._each = min(self._count, 1 + 2 * self._count // len(eligible.oldest))
        self._rows_left = _ROWS_PER_SHARD * self._count
        self._skipped = skipped
        self._buffers: dict[str, list[_Buffer]] = {}

    def take(self, member_id: str, fits: Callable[[Candidate], bool]) -> Candidate | None:
        """The member's first shard that fits; it and those before it are used up. None if there is none."""
        while (buffer := self._best(member_id)) is not None:
            shard = buffer.rows.popleft()
            if shard.id not in self._skipped.shards and fits(shard):
                return shard
        return None

    def _best(self, member_id: str) -> _Buffer | None:
        """Buffer whose next shard is the member's next, over all kinds of device."""
        if member_id not in self._buffers:
            self._open(member_id)
        filled = []
        for buffer in self._buffers[member_id]:
            if not buffer.rows and not buffer.ended and self._rows_left > 0:
                self._read_on(member_id, buffer)
            if buffer.rows:
                filled.append(buffer)
        return min(filled, key=lambda buffer: buffer.rows[0].place, default=None)

    def _open(self, member_id: str) -> None:
        """Read the first shards of a member; and if it is not the first one, of those who are about to follow."""
        members = [member_id, *self._next_members(member_id)] if self._buffers else [member_id]
        waiting = self._eligible.oldest
        for member in members:
            self._buffers[member] = [_Buffer(device) for device in waiting[member]]
        for device in sorted({device for member in members for device in waiting[member]}):
            having = [member for member in members if device in waiting[member]]
            self._read(device, having)

    def _next_members(self, first: str) -> list[str]:
        members: list[str] = []
        while self._following and len(members) < _MEMBERS_AT_ONCE:
            member = self._following.popleft()
            if member not in self._buffers and member != first:
                members.append(member)
        return members

    def _read(self, device: str, members: Sequence[str]) -> None:
        each = self._each
        found = first_shards(self._session, device, self._eligible.priority, members, each, self._skipped.jobs)
        for member in members:
            buffer = next(buffer for buffer in self._buffers[member] if buffer.device == device)
            buffer.add(found[member], each)
            self._rows_left -= len(found[member])

    def _read_on(self, member_id: str, buffer: _Buffer) -> None:
        where = (*_of(buffer.device, self._eligible.priority, self._skipped.jobs), ShardRow.owner_id == member_id)
        if buffer.last is not None:
            last = buffer.last
            where += (
                tuple_(ShardRow.queued_at, ShardRow.job_id, ShardRow.index) > (last.queued_at, last.job_id, last.index),
            )
        rows = self._session.execute(select(*_columns()).where(*where).order_by(*claim_order()).limit(self._count))
        buffer.add([Candidate(*row) for row in rows], self._count)
        self._rows_left -= len(buffer.rows)


def first_shards(
    session: Session,
    device: str,
    priority: int,
    member_ids: Sequence[str],
    each: int,
    skipped_jobs: Collection[str] = (),
) -> dict[str, list[Candidate]]:
    """The first queued shards of each member, in order; one statement for all."""
    where = _of(device, priority, skipped_jobs)
    if len(member_ids) == 1:
        query = select(*_columns()).where(*where, ShardRow.owner_id == member_ids[0])
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
    """Query for the front of the index at each member, in the form that SQLite or PostgreSQL runs fast."""
    first = select(ShardRow.id).where(*where, ShardRow.owner_id == MemberRow.id).order_by(*claim_order()).limit(each)
    if session.get_bind().dialect.name == "sqlite":
        query = select(*_columns()).join(MemberRow, ShardRow.id.in_(first.correlate(MemberRow)))
        return query.where(MemberRow.id.in_(member_ids))
    ids = first.correlate(MemberRow).lateral()
    query = select(*_columns()).select_from(MemberRow).join(ids, true()).join(ShardRow, ShardRow.id == ids.c.id)
    return query.where(MemberRow.id.in_(member_ids))


def _of(device: str, priority: int, skipped_jobs: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    where = queued(device, literal(priority))
    return (*where, ShardRow.job_id.not_in(skipped_jobs)) if skipped_jobs else where


def _columns() -> tuple[InstrumentedAttribute[Any], ...]:
    """Columns of a ``Candidate``."""
    return (
        ShardRow.id,
        ShardRow.job_id,
        ShardRow.owner_id,
        ShardRow.team_id,
        ShardRow.index,
        ShardRow.queued_at,
        ShardRow.cost,
        ShardRow.attempt,
    )
