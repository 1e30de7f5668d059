"""The queue as it is played through: what all members have queued, those of one team job by job where it matters."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import Session

from ayla_service.db.models import Job, Shard
from ayla_service.overview.estimates import Basis
from ayla_service.queue.eligibility import queued
from ayla_service.queue.forecast import Expectation, Lane, Part, Server, forecast
from ayla_service.queue.shard_reader import first_shards
from ayla_service.queue.snapshot import Census, Stretch
from ayla_service.states import ShardState

_FAR = 100 * 365 * 86_400.0
_LOOKED_AT = 1000
"""Shards at the front of a team's queue that are looked at one by one, about."""


@dataclass(frozen=True, slots=True)
class QueuedPart:
    """What a job has queued: shards that follow each other, and their estimated cost in all."""

    job_id: str
    shards: int
    cost: float


Fronts = Mapping[tuple[int, str, str], Sequence[QueuedPart]]
"""The jobs at the front of stretches, by ``Stretch.key``."""


def fronts(session: Session, stretches: Collection[Stretch], most_jobs: int) -> Fronts:
    """The first jobs of each stretch: at most so many, and fewer where they have many shards."""
    each = max(1, _LOOKED_AT // max(1, len(stretches)))
    by_kind: dict[tuple[int, str], list[str]] = defaultdict(list)
    for stretch in stretches:
        by_kind[stretch.priority, stretch.device].append(stretch.member_id)
    found: dict[tuple[int, str, str], list[QueuedPart]] = {}
    cut: set[str] = set()
    for (priority, device), members in by_kind.items():
        for member, shards in first_shards(session, device, priority, members, each).items():
            costs: dict[str, list[float]] = defaultdict(list)
            for shard in shards:
                costs[shard.job_id].append(shard.cost)
            cut |= {shards[-1].job_id} if len(shards) == each else set()
            parts = [QueuedPart(job_id, len(some), sum(some)) for job_id, some in costs.items()]
            found[priority, device, member] = parts[:most_jobs]
    whole = {part.job_id: part for part in _whole(session, cut)}
    return {key: [whole.get(part.job_id, part) for part in parts] for key, parts in found.items()}


def _whole(session: Session, job_ids: Collection[str]) -> list[QueuedPart]:
    """All that is queued of these jobs."""
    if not job_ids:
        return []
    # Not by state as well: SQLite would then look through all queued shards instead of looking up these.
    is_queued = Shard.state == ShardState.QUEUED
    columns = (Shard.job_id, func.count().filter(is_queued), func.sum(Shard.cost).filter(is_queued))
    rows = session.execute(select(*columns).where(Shard.job_id.in_(job_ids)).group_by(Shard.job_id))
    return [QueuedPart(*row) for row in rows if row[1]]


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """Where a job stands in the stretch of its owner.

    Attributes:
        job: what is queued of it.
        stretch: in which.
        ahead: shards of the stretch before it, as far as they were counted.
        is_more: whether there may be more.
    """

    job: QueuedPart
    stretch: Stretch
    ahead: int
    is_more: bool

    def parts(self) -> list[QueuedPart]:
        """The stretch up to the job; what is before it stands under no job's name."""
        before = [QueuedPart("", self.ahead, self.ahead * self.stretch.cost)] if self.ahead else []
        return [*before, self.job]


def own_place(session: Session, facts: Census, job: Job) -> OwnPlace | None:
    """Where a job stands; None if nothing of it is queued, or was not yet a moment ago."""
    # The bound value keeps SQLite from going through all that is queued instead of the shards of the job.
    columns = (Shard.device, Shard.priority, Shard.queued_at, Shard.index.label("place"))
    of_job = (Shard.job_id == job.id, Shard.state == ShardState.QUEUED)
    first = session.execute(select(*columns).where(*of_job).order_by(Shard.index).limit(1)).one_or_none()
    if first is None:
        return None
    keys = {one.key: one for one in facts.stretches}
    stretch = keys.get((first.priority, first.device, job.owner_id))
    if stretch is None:
        return None
    place = tuple_(Shard.queued_at, Shard.job_id, Shard.index) < (first.queued_at, job.id, first.place)
    some = select(Shard.id).where(*_of(stretch), place).limit(facts.most_counted).subquery()
    ahead = session.execute(select(func.count()).select_from(some)).scalar_one()
    [part] = _whole(session, [job.id])
    return OwnPlace(part, stretch, ahead, ahead >= facts.most_counted)


def _of(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    return (*queued(stretch.device, literal(stretch.priority)), Shard.owner_id == stretch.member_id)


def expectations(
    facts: Census, known: Fronts, wanted: Collection[str], enough: int | None = None
) -> dict[str, Expectation]:
    """What is to be expected of the wanted jobs, as far as it can be told."""
    servers = [Server(load.devices, load.seconds_left, load.works_for) for load in facts.loads]
    return forecast(servers, list(_lanes(facts, known)), facts.sharing, wanted, enough)


def _lanes(facts: Census, known: Fronts) -> Iterator[Lane]:
    for stretch in facts.stretches:
        if stretch.team_id in facts.paused:
            continue
        ratio = facts.measured.of(stretch.member_id)
        parts = known.get(stretch.key, ())
        lane = deque(Part(part.job_id, part.shards, part.cost / part.shards * ratio) for part in parts)
        left = stretch.shards - sum(part.shards for part in parts)
        if left > 0:
            lane.append(Part(None, left, stretch.cost * ratio))
        yield Lane(stretch.priority, stretch.device, stretch.team_id, stretch.member_id, lane)


def basis(facts: Census, workers: int) -> Basis:
    """What estimates are made from, in numbers and words."""
    measured = facts.measured
    if measured.attempts:
        took = f"the last {measured.attempts} attempts took {measured.ratio:.3g} times as long as estimated"
    else:
        took = "no attempt has ended yet that estimates could be held against"
    number = f"{workers} worker{'' if workers == 1 else 's'}"
    return Basis(workers, measured.attempts, measured.ratio, f"{number}; {took}.")


def why_not(facts: Census, stretch: Stretch) -> str:
    """Why nothing can be expected of a job in this stretch."""
    if stretch.team_id in facts.paused:
        return "The team's queue is paused."
    if not any(stretch.device in load.devices for load in facts.loads):
        return f"No worker that lives serves the device '{stretch.device}'."
    limits = facts.sharing.most_workers
    if any(limits.get(one, 1) <= 0 for one in (stretch.member_id, stretch.team_id)):
        return "The limit on workers at a time is 0."
    return "It is too far away to be told."


def moment(facts: Census, seconds: float | None) -> datetime | None:
    """The time in so many seconds."""
    return None if seconds is None else facts.now + timedelta(seconds=min(seconds, _FAR))
