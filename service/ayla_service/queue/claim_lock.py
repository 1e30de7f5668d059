"""The lock by which claims wait for each other: one claim after the other, as shares are strict.

How long it is held is how many claims a second a store gives, however many workers there are.
"""

from datetime import UTC, datetime

from sqlalchemy import Interval, Select, cast, extract, func, select
from sqlalchemy.orm import Session

from ayla_service.db.session import store_now

CLAIM_LOCK = 0x61796C61_636C6169
"""Number of the claims among PostgreSQL's advisory locks; no other lock of this store has it."""

_PLACES = 16
"""Claims that wait for the lock at once. PostgreSQL looks for deadlocks among all that wait, once for each that waits
for a second, and nobody gets a lock or lets one go meanwhile: with a thousand in one line it does little else."""

_IDLE = "idle_in_transaction_session_timeout"
_FROZEN_SHARE = 1 / 3
"""Time after which PostgreSQL ends a claim that does nothing, as a part of what any transaction has: 5 s of 15 s.
Less than those who wait for it wait (lock_timeout), so that a frozen worker makes none of them fail."""


class LineFull(Exception):
    """As many claims as may wait do so; this one is to come again later."""


def lock_claims(session: Session) -> datetime:
    """Let claims wait for each other: two that looked at the same moment would both serve the same member.

    SQLite has one writer at a time.

    Returns:
        The store's time when it is this claim's turn.

    Raises:
        LineFull: if too many wait already.
    """
    if session.get_bind().dialect.name == "sqlite":
        return store_now(session)
    now: datetime | None = session.execute(_LOCK).scalar_one_or_none()
    if now is None:
        raise LineFull
    return now.astimezone(UTC)


def _lock_statement(places: int) -> Select[datetime]:
    """One statement, as all claims wait for its answer: a place in the line, settings, the lock, and then the time.

    What waits for this claim does not wait for the disk as well. A server that dies may forget a claim that was
    answered: then the shard is queued as before, and the attempt is not current, like one whose lease was lost. It has
    stored nothing, as a later commit that is on the disk has all before it there too.
    """
    number = func.generate_series(1, places).column_valued("number")
    place = select(number).where(func.pg_try_advisory_xact_lock(CLAIM_LOCK >> 32, number)).limit(1).cte("place")
    seconds = extract("epoch", cast(func.current_setting(_IDLE), Interval)) * _FROZEN_SHARE
    frozen = func.set_config(_IDLE, func.concat(seconds, "s"), True)
    not_awaited = func.set_config("synchronous_commit", "off", True)
    held = select(frozen, not_awaited, func.pg_advisory_xact_lock(CLAIM_LOCK))
    locked = held.select_from(place.prefix_with("MATERIALIZED", dialect="postgresql")).cte("locked")
    return select(func.clock_timestamp()).select_from(locked.prefix_with("MATERIALIZED", dialect="postgresql"))


_LOCK = _lock_statement(_PLACES)
