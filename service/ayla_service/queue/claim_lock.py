"""The lock by which claims wait for each other: one claim after the other, as shares are strict.

How long it is held is how many claims a second a store gives, however many workers there are.
"""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Interval, Select, cast, extract, func, select
from sqlalchemy.orm import Session

from ayla_service.db.session import store_now

CLAIM_LOCK = 0x61796C61_636C6169
"""Number of the claims among PostgreSQL's advisory locks; no other lock of this store has it."""

_LOCK_WAIT = "lock_timeout"
_TURN_WAIT = 6.0
"""Time for which a claim waits for its turn, as a multiple of what others wait for a lock: 60 s of 10 s. Of a thousand
that come at once the last waits for a thousand claims; if many gave up and came again, all would wait for longer."""

_IDLE = "idle_in_transaction_session_timeout"
_FROZEN_SHARE = 1 / 3
"""Time after which PostgreSQL ends a claim that does nothing, as a part of what any transaction has: 5 s of 15 s.
Less than those who wait for it wait (lock_timeout), so that a frozen worker makes none of them fail."""


def lock_claims(session: Session) -> datetime:
    """Let claims wait for each other: two that looked at the same moment would both serve the same member.

    SQLite has one writer at a time.

    Returns:
        The store's time when it is this claim's turn.
    """
    if session.get_bind().dialect.name == "sqlite":
        return store_now(session)
    now: datetime = session.execute(_LOCK).scalar_one()
    return now.astimezone(UTC)


def _lock_statement() -> Select[datetime]:
    """One statement, as all claims wait for its answer: the settings of this transaction, the lock, and then the time.

    What waits for this claim does not wait for the disk as well. A server that dies may forget a claim that was
    answered: then the shard is queued as before, and the attempt is not current, like one whose lease was lost. It has
    stored nothing, as a later commit that is on the disk has all before it there too.
    """
    frozen, patient = _scaled(_IDLE, _FROZEN_SHARE), _scaled(_LOCK_WAIT, _TURN_WAIT)
    not_awaited = func.set_config("synchronous_commit", "off", True)
    locked = select(frozen, patient, not_awaited, func.pg_advisory_xact_lock(CLAIM_LOCK)).cte("locked")
    return select(func.clock_timestamp()).select_from(locked.prefix_with("MATERIALIZED", dialect="postgresql"))


def _scaled(timeout: str, factor: float) -> ColumnElement[str]:
    """Set a timeout for this transaction to a multiple of what it is; 0, which is none, stays so."""
    milliseconds = extract("epoch", cast(func.current_setting(timeout), Interval)) * 1000 * factor
    return func.set_config(timeout, func.concat(func.ceil(milliseconds), "ms"), True)


_LOCK = _lock_statement()
