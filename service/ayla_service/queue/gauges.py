"""Gauges for monitoring, of what waits and runs: fast however much has finished, bounded however much waits."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, literal, select, text
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database, store_now
from ayla_service.observability.store_gauges import StoreGauges
from ayla_service.queue.eligibility import DEVICES, next_priority, oldest_of_each
from ayla_service.queue.schemas import WorkerState
from ayla_service.queue.workers import list_workers
from ayla_service.states import UNFINISHED_JOB, UNFINISHED_SHARD, JobState

COUNTED_AT_MOST = 100_000
"""Limit of a count: a number above it is far too much in any case."""

_PRIORITIES_AT_MOST = 50


def store_gauges(database: Database, presence_seconds: float) -> StoreGauges:
    """Gauges at this moment; ``presence_seconds`` as for ``list_workers``."""
    with database.read() as session:
        now = store_now(session)
        workers = Counter(worker.state.value for worker in list_workers(session, presence_seconds))
        return StoreGauges(
            shards=_shards(session),
            oldest_seconds={device: _oldest_seconds(session, device, now) for device in DEVICES},
            jobs={state.value: _count_jobs(session, state) for state in UNFINISHED_JOB},
            workers={state.value: workers[state.value] for state in WorkerState},
            size=_size(session),
        )


def _shards(session: Session) -> Mapping[tuple[str, str], int]:
    counts = {(device, state.value): 0 for device in DEVICES for state in UNFINISHED_SHARD}
    for state in UNFINISHED_SHARD:
        some = select(ShardRow.device).where(ShardRow.state == written(state)).limit(COUNTED_AT_MOST).subquery()
        for device, count in session.execute(select(some.c.device, func.count()).group_by(some.c.device)):
            counts[device, state.value] = count
    return counts


def _size(session: Session) -> int:
    """Bytes of the store, as the store itself knows them: no table is read."""
    if session.get_bind().dialect.name == "sqlite":
        pages, size = (session.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size"))
        return int(pages * size)
    return int(session.execute(select(func.pg_database_size(func.current_database()))).scalar_one())


def _count_jobs(session: Session, state: JobState) -> int:
    some = select(JobRow.id).where(JobRow.state == state).limit(COUNTED_AT_MOST).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def _oldest_seconds(session: Session, device: str, now: datetime) -> float:
    """Age of the oldest queued shard.

    The queue's index has the oldest of each member and priority at a place of its own, so each costs one look.
    """
    oldest = now
    priority = next_priority(session, [device])
    for _ in range(_PRIORITIES_AT_MOST):
        if priority is None:
            break
        first = session.scalar(select(func.min(oldest_of_each(device, literal(priority)).subquery().c.queued_at)))
        oldest = min(oldest, first or now)
        priority = next_priority(session, [device], priority)
    return (now - oldest).total_seconds()
