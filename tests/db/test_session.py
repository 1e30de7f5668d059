"""What a unit of work sees and holds, on each backend."""

import sqlite3
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db import session as session_module
from ayla_service.db.models import JobRow, ShardRow
from ayla_service.db.session import Database
from ayla_service.queue.claims import claim
from ayla_service.queue.reaper import reap
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from tests.factories import AT_ONCE, WORKER, submit
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.every_store


def test_a_reading_unit_sees_one_state_of_the_store(database: Database) -> None:
    submit(database)
    with database.read() as reading:
        before = reading.scalars(select(JobRow.priority)).all()
        with database.write() as writing:
            writing.execute(update(JobRow).values(priority=7))
        assert reading.scalars(select(JobRow.priority)).all() == before
    with database.read() as reading:
        assert reading.scalars(select(JobRow.priority)).all() == [7]


def test_a_writing_unit_that_fails_changes_nothing(database: Database) -> None:
    submit(database)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        _change_and_fail(session)
    with database.read() as session:
        assert session.scalar(select(func.max(JobRow.priority))) == 0


def test_postgresql_ends_a_session_that_sits_in_a_transaction(postgres_server: PostgresServer) -> None:
    database = Database(postgres_server.url.render_as_string(hide_password=False))
    with database.write() as session:
        idle = session.scalar(text("SHOW idle_in_transaction_session_timeout"))
        lock = session.scalar(text("SHOW lock_timeout"))
    database.dispose()
    assert (idle, lock) == ("15s", "10s")


def test_sqlite_keeps_what_is_committed_and_enforces_references(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.read() as session:
        pragmas = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert pragmas == ["wal", 2, 1]


def _change_and_fail(session: Session) -> None:
    session.execute(update(JobRow).values(priority=7))
    raise ZeroDivisionError


def test_leases_are_measured_by_the_clock_of_the_store(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose clock is wrong neither loses its lease at once nor keeps it for ever."""
    if database.is_sqlite:
        pytest.skip("SQLite runs in the process itself: there is one clock")

    class Late(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(hours=1)

    monkeypatch.setattr(session_module, "datetime", Late)
    submit(database)
    claimed = claim(database, WORKER, 30)
    assert claimed is not None
    with database.read() as session:
        (lease,) = session.scalars(select(ShardRow.lease_expires_at))
    assert lease is not None
    assert abs(lease - datetime.now(UTC)) < timedelta(minutes=5)
    assert reap(database, AT_ONCE) == 0


def test_options_of_the_url_win_over_our_own(postgres_server: PostgresServer) -> None:
    options = {"options": "-c search_path=elsewhere -c lock_timeout=3s", "keepalives_idle": "77"}
    url = postgres_server.url.update_query_dict(options)
    database = Database(url.render_as_string(hide_password=False))
    names = ("search_path", "lock_timeout", "idle_in_transaction_session_timeout")
    with database.engine.connect() as connection:
        shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
        driver: Any = connection.connection.driver_connection
        given = driver.info.get_parameters()
    database.dispose()
    assert shown == ["elsewhere", "3s", "15s"]
    assert (given["keepalives_idle"], given["tcp_user_timeout"]) == ("77", "15000")


def test_a_writing_unit_holds_the_lock_of_sqlite_from_its_start(store_path: Path) -> None:
    """One that read first and then waited for the lock could only fail: another process has written meanwhile."""
    database, other = Database(f"sqlite:///{store_path}"), sqlite3.connect(store_path, timeout=0)
    with database.write() as session:
        session.scalar(select(func.count()).select_from(JobRow))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    with database.read() as session:
        session.scalar(select(func.count()).select_from(JobRow))
        other.execute("BEGIN IMMEDIATE")
    other.close()
    database.dispose()
