"""Database sessions: one engine, and two kinds of unit of work.

A unit of work is one transaction. ``write()`` takes SQLite's write lock at once (BEGIN IMMEDIATE): a transaction that
read first and then waited for the lock could only fail.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from ayla_service.observability import metrics

_WRITE = "ayla_write"
_BINARY = "ayla_binary"
_ONE_VIEW = "REPEATABLE READ"
# A worker frozen inside a transaction must not hold its rows for ever, nor make others wait for them.
_POSTGRES_OPTIONS = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=15s"
_POSTGRES_CONNECTION = {
    # In a database of another encoding text would come as bytes, before anybody could say what is wrong with it.
    "client_encoding": "utf8",
    "connect_timeout": 5,
    # A server or network that is gone without a word is noticed within about 15 seconds, not after hours.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}

_MORE_CONNECTIONS = 10

_SQLITE_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_POSTGRES_DAMAGE = ("XX001", "XX002")  # data_corrupted, index_corrupted

_log = structlog.get_logger("ayla_service.store")

IN_BINARY = {_BINARY: True}
"""Options of a query of much binary data, which PostgreSQL else sends as text of twice the length."""


class Database:
    """The store behind one URL.

    Args:
        url: SQLAlchemy URL; ``sqlite:///…`` or ``postgresql+psycopg://…``.
        kept_connections: to PostgreSQL that stay open while nobody uses them. Up to ten more are opened while all are
            used at once, and closed again.
    """

    def __init__(self, url: str, kept_connections: int = 5) -> None:
        self.url = url
        self.engine = _engine(url, kept_connections)
        self.is_damaged = False
        """Whether damage was found since this process began; it stays so until it ends."""
        event.listen(self.engine, "handle_error", self._notice_damage)
        self._writing = self.engine.execution_options(**{_WRITE: True})
        # PostgreSQL's default would let two queries of one unit of work see different states.
        # SQLite has one writer at a time, and whoever comes second sleeps for longer and longer before it asks again.
        # Threads of one process take turns here instead, in which they are woken at once.
        self._turn = threading.RLock() if self.is_sqlite else nullcontext()
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level=_ONE_VIEW)

    @property
    def folder(self) -> Path | None:
        """Where the file of an embedded store is; None for one on a server."""
        return Path(self.engine.url.database or "").parent if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded store."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A unit of work that changes nothing; one consistent view of the store."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A unit of work that is committed when the block ends, and undone when it raises."""
        with self._turn, metrics.store_write(), Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """A transaction that may rebuild tables.

        SQLite changes a table by making it anew and dropping the old one, which with foreign keys enforced would
        delete every row that refers to it. So they are checked at the end instead.

        Raises:
            RuntimeError: if a row would be left that refers to nothing; nothing is changed then.
        """
        with self._writing.connect() as connection:
            if self.is_sqlite:
                _enforce_foreign_keys(connection, wanted=False)
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                        raise RuntimeError("a migration would leave rows that refer to nothing")
            finally:
                if self.is_sqlite:
                    _enforce_foreign_keys(connection, wanted=True)

    def ping(self) -> None:
        """Ask the store for a sign of life.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: if there is none.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _notice_damage(self, context: ExceptionContext) -> None:
        if store_is_damaged(context.original_exception) and not self.is_damaged:
            self.is_damaged = True
            _log.error("the store is damaged; restore a backup", reason=str(context.original_exception))


def store_is_away(error: Exception) -> bool:
    """Whether an error means that the store does not answer for now; the statement may have been carried out or not."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError)


def store_is_damaged(error: BaseException) -> bool:
    """Whether an error, of SQLAlchemy or of the driver, says that the store's own data cannot be read."""
    driver = getattr(error, "orig", None) or error
    code = getattr(driver, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_DAMAGE  # the byte above says where
    return getattr(driver, "sqlstate", None) in _POSTGRES_DAMAGE


def store_now(session: Session) -> datetime:
    """The store's time, which every lease is measured by: workers' clocks may differ.

    SQLite runs in the process that asks, on the one machine there is, so its time is that machine's.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def _engine(url: str, kept_connections: int) -> Engine:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        # What is given here hides what the URL says, which must win: a search path, another timeout.
        options = f"{_POSTGRES_OPTIONS} {parts.query.get('options', '')}".strip()
        ours = {name: value for name, value in _POSTGRES_CONNECTION.items() if name not in parts.query}
        connection = {**ours, "options": options}
        engine = create_engine(
            url,
            pool_size=kept_connections,
            max_overflow=_MORE_CONNECTIONS,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=connection,
        )
        event.listen(engine, "before_cursor_execute", _choose_format)
        return engine
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _choose_format(_connection: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    if context is not None and context.execution_options.get(_BINARY):
        cursor.format = type(cursor.format).BINARY


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own: _begin_sqlite does
    cursor = connection.cursor()
    # WAL lets readers go on beside one writer; FULL keeps what was committed through a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _enforce_foreign_keys(connection: Connection, *, wanted: bool) -> None:
    """SQLite ignores this inside a transaction, so it goes past SQLAlchemy, which would begin one."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys={'ON' if wanted else 'OFF'}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
