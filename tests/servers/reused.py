"""A PostgreSQL database that the tests of a module use one after the other."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ayla_service.db.models import Base
from ayla_service.db.session import Database
from sqlalchemy import URL, Engine, Table, create_engine, event, select

from tests.servers.postgres import PostgresServer

_numbers = itertools.count()

# A test may get no processor for many seconds, and asks once where a worker would ask again.
_PATIENT = {
    "options": "-c idle_in_transaction_session_timeout=10min -c lock_timeout=5min",
    "connect_timeout": "300",
    "tcp_user_timeout": "300000",
}

_DEFINING = ("ALTER", "CREATE", "DROP")
_EMPTY = ";".join(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables))
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid != pg_backend_pid() AND backend_type = 'client backend'
"""


class ReusedDatabase:
    """A PostgreSQL database that one test after the other has to itself, each as new.

    Args:
        server: to make it on.
        template: what it is a copy of.
    """

    def __init__(self, server: PostgresServer, template: URL) -> None:
        self._server, self._template = server, template
        self._copy: URL | None = None
        self._admin: Engine | None = None
        self._first_rows: dict[Table, list[Any]] = {}
        self._schema_changed = False

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """A store on it for one test; whatever the test has left is gone afterwards, its connections too."""
        copy = self._copied()
        store = Database(copy.update_query_dict(_PATIENT).render_as_string(hide_password=False))
        event.listen(store.engine, "before_cursor_execute", self._notice)
        try:
            yield store
        finally:
            store.dispose()
            if self._schema_changed:
                self.close()
            else:
                self._restore()

    def close(self) -> None:
        """Drop it; the next test gets a new one."""
        if self._admin is not None and self._copy is not None:
            self._admin.dispose()
            self._server.drop_database(str(self._copy.database))
        self._admin = self._copy = None
        self._schema_changed = False

    def _copied(self) -> URL:
        if self._copy is None:
            self._copy = self._server.create_database(database_name(f"test_{next(_numbers)}"), self._template.database)
            self._admin = create_engine(self._copy)
            with self._admin.connect() as connection:
                found = {
                    table: connection.execute(select(table)).mappings().all() for table in Base.metadata.sorted_tables
                }
            self._first_rows = {table: [dict(row) for row in rows] for table, rows in found.items() if rows}
        return self._copy

    def _notice(self, _connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        self._schema_changed |= statement.lstrip().upper().startswith(_DEFINING)

    def _restore(self) -> None:
        assert self._admin is not None
        with self._admin.begin() as connection:
            connection.exec_driver_sql(_END_OTHERS)
            connection.exec_driver_sql(_EMPTY)
            for table, rows in self._first_rows.items():
                connection.execute(table.insert(), rows)


def database_name(what: str) -> str:
    """A database's name; processes of the suite that share a server have names of their own."""
    return f"ayla_{os.getpid()}_{what}"
