"""Sweep: counts what still waits, so that wake-ups which were lost are sent again."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ayla_service.db.columns import written
from ayla_service.db.models import ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.eligibility import DEVICES
from ayla_service.queue.wakeup import WakeUp
from ayla_service.states import ShardState

MOST_REMINDED = 64
"""Shards of one device kind that a sweep counts at most: the workers they wake empty the queue, however long."""

SWEEP_LOCK = 0x61796C61_73776570
"""Number of the sweep among PostgreSQL's advisory locks; no other lock of this store has it."""


def sweep(database: Database, wake_up: WakeUp) -> bool:
    """Remind workers of what waits. Any process may, any number at once: where one sweeps, the others pass.

    Returns:
        Whether anything was seen to wait.
    """
    with database.read() as session:
        waiting = queued_by_device(session, MOST_REMINDED) if _is_first(session) else {}
    if waiting:
        wake_up.remind(waiting)
    return bool(waiting)


def queued_by_device(session: Session, limit: int) -> dict[str, int]:
    """Queued shards by device kind, each counted up to ``limit``; kinds without any are left out."""
    counts = {device: _queued(session, device, limit) for device in DEVICES}
    return {device: count for device, count in counts.items() if count}


def _queued(session: Session, device: str, limit: int) -> int:
    some = (
        select(ShardRow.id).where(ShardRow.state == written(ShardState.QUEUED), ShardRow.device == device).limit(limit)
    )
    return session.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def _is_first(session: Session) -> bool:
    """Whether no other process sweeps at this moment; SQLite has one machine and so few processes."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    locked = session.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": SWEEP_LOCK})
    return bool(locked.scalar_one())
