"""What a unit of work sees and holds, on each backend."""

import pytest
from ayla_service.db.models import Job
from ayla_service.db.session import Database
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from tests.factories import submit


def test_a_reading_unit_sees_one_state_of_the_store(database: Database) -> None:
    submit(database)
    with database.read() as reading:
        before = reading.scalars(select(Job.priority)).all()
        with database.write() as writing:
            writing.execute(update(Job).values(priority=7))
        assert reading.scalars(select(Job.priority)).all() == before
    with database.read() as reading:
        assert reading.scalars(select(Job.priority)).all() == [7]


def test_a_writing_unit_that_fails_changes_nothing(database: Database) -> None:
    submit(database)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        _change_and_fail(session)
    with database.read() as session:
        assert session.scalar(select(func.max(Job.priority))) == 0


def test_postgresql_ends_a_session_that_sits_in_a_transaction(database: Database) -> None:
    if database.is_sqlite:
        return
    with database.write() as session:
        idle = session.scalar(text("SHOW idle_in_transaction_session_timeout"))
        lock = session.scalar(text("SHOW lock_timeout"))
    assert (idle, lock) == ("15s", "10s")


def test_sqlite_keeps_what_is_committed_and_enforces_references(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.read() as session:
        pragmas = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert pragmas == ["wal", 2, 1]


def _change_and_fail(session: Session) -> None:
    session.execute(update(Job).values(priority=7))
    raise ZeroDivisionError
