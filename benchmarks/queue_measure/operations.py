"""The operations that are measured in a long queue; each leaves the store as it found it."""

import uuid
from collections.abc import Callable, Iterable

from ayla_service.datasets.pinning import fill_uploads, pin_uploads
from ayla_service.db.models import AttemptRow, JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.jobs.listing import JobQuery
from ayla_service.jobs.service import JobService
from ayla_service.queue.claims import claim, claim_pack
from ayla_service.queue.policy import PackLimits
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import policy_of
from ayla_service.queue.wakeup import TimerWakeUp
from ayla_service.settings import Settings
from ayla_service.states import JobState, LabelKind, ShardState
from ayla_service.teams.principal import LOCAL
from ayla_worker.identity import describe_worker
from sqlalchemy import delete, select, update

from queue_measure.figures import times
from queue_measure.specs import TAG

_PAGE = 50
_PACK = PackLimits(shards=256, seconds=1.0, small_seconds=0.25)
_LEASE_SECONDS = 3600.0  # nothing is to expire meanwhile


class Bench:
    """The service's own functions over one store.

    Args:
        database: the store, filled.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = Settings()
        self.service = JobService(database, TimerWakeUp(), fill_uploads, pin_uploads)
        self.identity = describe_worker(self.settings)

    def some_jobs(self, count: int) -> list[str]:
        """Ids of jobs from all over the store."""
        with self.database.read() as session:
            first = session.execute(select(JobRow.id).order_by(JobRow.id).limit(1)).scalar_one()
            near = (
                session.execute(
                    select(JobRow.id).where(JobRow.id >= str(uuid.uuid4())).order_by(JobRow.id).limit(1)
                ).scalar()
                for _ in range(count)
            )
            return sorted({job_id or first for job_id in near}, key=lambda job_id: job_id[::-1])

    def put_back(self, jobs: Iterable[str]) -> None:
        """Make jobs what they were when they were submitted."""
        ids = list(jobs)
        shards = select(ShardRow.id).where(ShardRow.job_id.in_(ids))
        with self.database.write() as session:
            session.execute(delete(AttemptRow).where(AttemptRow.shard_id.in_(shards)))
            waiting = {"state": ShardState.QUEUED, "attempt": 0, "failures": 0, "lease_expires_at": None}
            session.execute(update(ShardRow).where(ShardRow.job_id.in_(ids)).values(**waiting))
            new = {"state": JobState.QUEUED, "started_at": None, "finished_at": None, "cancel_requested_at": None}
            session.execute(update(JobRow).where(JobRow.id.in_(ids)).values(**new))


def _count(wanted: int, share: float) -> int:
    return max(3, int(wanted * share))


def _claims(bench: Bench, share: float) -> list[float]:
    """One shard after the other, each the best of those that are left."""
    taken: list[str] = []

    def run() -> None:
        claimed = claim(bench.database, bench.identity, _LEASE_SECONDS)
        if claimed is None:
            raise RuntimeError("the queue is empty")
        taken.append(claimed.job_id)

    measured = _after_warming(run, _count(200, share))
    bench.put_back(taken)
    return measured


def _packs(bench: Bench, share: float) -> list[float]:
    measured = []
    for _ in range(_count(20, share)):
        taken: list[str] = []

        def run(taken: list[str] = taken) -> None:
            found = claim_pack(bench.database, bench.identity, _LEASE_SECONDS, _PACK)
            taken.extend(one.job_id for one in found)

        measured += times(run, 1)
        if len(taken) != _PACK.shards:
            raise RuntimeError(f"a pack of {len(taken)} shards")
        bench.put_back(taken)
    return measured[1:]  # the first one warms up


def _cancels(bench: Bench, share: float) -> list[float]:
    jobs = bench.some_jobs(_count(60, share))
    left = iter(jobs)

    def run() -> None:
        with bench.database.write() as session:
            bench.service.cancel(session, LOCAL, next(left))

    measured = times(run, len(jobs))
    bench.put_back(jobs)
    return measured[5:] if len(measured) > 10 else measured


def _reads(bench: Bench, share: float) -> list[float]:
    jobs = bench.some_jobs(_count(200, share))
    left = iter(jobs)
    return times(lambda: bench.service.get(LOCAL, next(left)), len(jobs))


def _page(bench: Bench, share: float, state: JobState | None, tag: str | None) -> list[float]:
    wanted = JobQuery(state, labels={} if tag is None else {LabelKind.TAG: tag})
    return _after_warming(lambda: bench.service.list(LOCAL, wanted, limit=_PAGE), _count(100, share))


def _reaping(bench: Bench, share: float) -> list[float]:
    return _after_warming(lambda: reap(bench.database, policy_of(bench.settings)), _count(100, share))


def _after_warming(run: Callable[[], object], count: int) -> list[float]:
    times(run, 5)
    return times(run, count)


OPERATIONS: dict[str, Callable[[Bench, float], list[float]]] = {
    "claim of a shard": _claims,
    "claim of a pack of 256": _packs,
    "a page of jobs": lambda bench, share: _page(bench, share, None, None),
    "a page of queued jobs": lambda bench, share: _page(bench, share, JobState.QUEUED, None),
    "a page of queued jobs with a tag": lambda bench, share: _page(bench, share, JobState.QUEUED, TAG),
    "a page of failed jobs with a tag, which is empty": lambda bench, share: _page(bench, share, JobState.FAILED, TAG),
    "cancelling a queued job": _cancels,
    "reading a job": _reads,
    "looking for expired leases": _reaping,
}
"""By what they are called in tables; each returns the seconds of its samples, of which a share is wanted."""
