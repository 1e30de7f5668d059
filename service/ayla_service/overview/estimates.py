"""Estimates of when queued jobs start and finish: the forecast over all backlogs, of one team job by job.

Only the first jobs of a backlog are distinguished, where it matters; what is behind them is one group of shards.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, ShardRow
from ayla_service.overview.schemas import Basis
from ayla_service.queue.eligibility import queued
from ayla_service.queue.forecast import JobEstimate, ShardGroup, SimulatedQueue, SimulatedWorker, forecast
from ayla_service.queue.policy import Candidate
from ayla_service.queue.shard_reader import first_shards
from ayla_service.queue.snapshot import Backlog, BacklogKey, QueueSnapshot
from ayla_service.states import ShardState

_FARTHEST_SECONDS = 100 * 365 * 86_400.0
_SHARDS_READ = 1000
"""Shards at the front of a team's backlogs that are read one by one, about."""


@dataclass(frozen=True, slots=True)
class JobBacklog:
    """Queued shards of a job, and their estimated cost in all."""

    job_id: str
    shards: int
    cost: float


FirstJobs = Mapping[BacklogKey, Sequence[JobBacklog]]
"""The first jobs of backlogs."""


def first_jobs(session: Session, backlogs: Collection[Backlog], most_jobs: int) -> FirstJobs:
    """The first jobs of each backlog: at most so many, and fewer where they have many shards."""
    each = max(1, _SHARDS_READ // max(1, len(backlogs)))
    found: dict[BacklogKey, list[JobBacklog]] = {}
    cut: set[str] = set()
    for key, shards in _first_shards(session, backlogs, each):
        found[key] = _by_job(shards)[:most_jobs]
        cut |= {shards[-1].job_id} if len(shards) == each else set()
    whole = {job.job_id: job for job in _whole(session, cut)}
    return {key: [whole.get(job.job_id, job) for job in jobs] for key, jobs in found.items()}


def _first_shards(
    session: Session, backlogs: Collection[Backlog], each: int
) -> Iterator[tuple[BacklogKey, Sequence[Candidate]]]:
    by_kind: dict[tuple[int, str], list[str]] = defaultdict(list)
    for backlog in backlogs:
        by_kind[backlog.priority, backlog.device].append(backlog.member_id)
    for (priority, device), members in by_kind.items():
        for member_id, shards in first_shards(session, device, priority, members, each).items():
            yield (priority, device, member_id), shards


def _by_job(shards: Sequence[Candidate]) -> list[JobBacklog]:
    costs: dict[str, list[float]] = defaultdict(list)
    for shard in shards:
        costs[shard.job_id].append(shard.cost)
    return [JobBacklog(job_id, len(some), sum(some)) for job_id, some in costs.items()]


def _whole(session: Session, job_ids: Collection[str]) -> list[JobBacklog]:
    """All queued shards of these jobs."""
    if not job_ids:
        return []
    # Not by state as well: SQLite would then look through all queued shards instead of looking up these.
    is_queued = ShardRow.state == ShardState.QUEUED
    columns = (ShardRow.job_id, func.count().filter(is_queued), func.sum(ShardRow.cost).filter(is_queued))
    rows = session.execute(select(*columns).where(ShardRow.job_id.in_(job_ids)).group_by(ShardRow.job_id))
    return [JobBacklog(*row) for row in rows if row[1]]


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Place of a job in the backlog of its owner.

    Attributes:
        job: its queued shards.
        backlog: the backlog that they are in.
        ahead: shards of the backlog before it, as far as they were counted.
        is_more: whether there may be more.
    """

    job: JobBacklog
    backlog: Backlog
    ahead: int
    is_more: bool

    def jobs(self) -> list[JobBacklog]:
        """The backlog up to the job; the shards before it stand under no job's name."""
        before = [JobBacklog("", self.ahead, self.ahead * self.backlog.cost)] if self.ahead else []
        return [*before, self.job]


def job_place(session: Session, snapshot: QueueSnapshot, job: JobRow) -> JobPlace | None:
    """Place of a job; None if nothing of it is queued, or was not yet when the snapshot was taken."""
    # The bound value keeps SQLite from going through all that is queued instead of the shards of the job.
    columns = (ShardRow.device, ShardRow.priority, ShardRow.queued_at, ShardRow.index.label("place"))
    of_job = (ShardRow.job_id == job.id, ShardRow.state == ShardState.QUEUED)
    first = session.execute(select(*columns).where(*of_job).order_by(ShardRow.index).limit(1)).one_or_none()
    if first is None:
        return None
    key = (first.priority, first.device, job.owner_id)
    backlog = next((one for one in snapshot.backlogs if one.key == key), None)
    if backlog is None:
        return None
    is_before = tuple_(ShardRow.queued_at, ShardRow.job_id, ShardRow.index) < (first.queued_at, job.id, first.place)
    ahead = _count(session, (*_of(backlog), is_before), snapshot.count_limit)
    [whole] = _whole(session, [job.id])
    return JobPlace(whole, backlog, ahead, ahead >= snapshot.count_limit)


def _of(backlog: Backlog) -> tuple[ColumnElement[bool], ...]:
    return (*queued(backlog.device, literal(backlog.priority)), ShardRow.owner_id == backlog.member_id)


def _count(session: Session, where: Sequence[ColumnElement[bool]], limit: int) -> int:
    some = select(ShardRow.id).where(*where).limit(limit).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def estimates(
    snapshot: QueueSnapshot, known: FirstJobs, wanted: Collection[str], enough: int | None = None
) -> dict[str, JobEstimate]:
    """Estimates for the wanted jobs, as far as there can be any.

    Args:
        snapshot: of the queue.
        known: the first jobs of the backlogs that the wanted jobs are in.
        wanted: ids of the jobs.
        enough: stop after so many of them, those that are started first.
    """
    workers = [SimulatedWorker(worker.devices, worker.seconds_left, worker.works_for) for worker in snapshot.workers]
    return forecast(workers, list(_simulated_queues(snapshot, known)), snapshot.sharing, wanted, enough)


def _simulated_queues(snapshot: QueueSnapshot, known: FirstJobs) -> Iterator[SimulatedQueue]:
    for backlog in snapshot.backlogs:
        if backlog.team_id in snapshot.paused:
            continue
        ratio = snapshot.accuracy.ratio_of(backlog.member_id)
        jobs = known.get(backlog.key, ())
        groups = deque(ShardGroup(job.job_id, job.shards, job.cost / job.shards * ratio) for job in jobs)
        left = backlog.shards - sum(job.shards for job in jobs)
        if left > 0:
            groups.append(ShardGroup(None, left, backlog.cost * ratio))
        yield SimulatedQueue(backlog.priority, backlog.device, backlog.team_id, backlog.member_id, groups)


def basis(snapshot: QueueSnapshot, workers: int) -> Basis:
    """Basis of the estimates, in numbers and words."""
    accuracy = snapshot.accuracy
    if accuracy.attempts:
        took = f"the last {accuracy.attempts} attempts took {accuracy.ratio:.3g} times as long as estimated"
    else:
        took = "no attempt has ended yet that estimates could be held against"
    text = f"{workers} worker{'' if workers == 1 else 's'}; {took}."
    return Basis(workers=workers, attempts=accuracy.attempts, ratio=accuracy.ratio, text=text)


def no_estimate_reason(snapshot: QueueSnapshot, backlog: Backlog) -> str:
    """Reason why no start time can be estimated for a job in this backlog."""
    if backlog.team_id in snapshot.paused:
        return "The team's queue is paused."
    if not any(backlog.device in worker.devices for worker in snapshot.workers):
        return f"No worker that lives serves the device '{backlog.device}'."
    limits = snapshot.sharing.worker_limits
    if any(limits.get(one_id, 1) <= 0 for one_id in (backlog.member_id, backlog.team_id)):
        return "The limit on workers at a time is 0."
    return "It is too far away to be told."


def time_after(snapshot: QueueSnapshot, seconds: float | None) -> datetime | None:
    """Time so many seconds after the snapshot."""
    return None if seconds is None else snapshot.now + timedelta(seconds=min(seconds, _FARTHEST_SECONDS))


def time_range(snapshot: QueueSnapshot, name: str, seconds: float | None) -> dict[str, datetime | None]:
    """The estimate, and its range if all goes as for the fastest and for the slowest quarter of what was measured."""
    accuracy = snapshot.accuracy
    quartiles = (accuracy.lower_quartile, accuracy.upper_quartile)
    fast, slow = (one / accuracy.ratio if accuracy.ratio > 0 else 1.0 for one in quartiles)
    factors = {"estimated": 1.0, "earliest": min(1.0, fast), "latest": max(1.0, slow)}
    return {
        f"{which}_{name}": time_after(snapshot, None if seconds is None else seconds * factor)
        for which, factor in factors.items()
    }
