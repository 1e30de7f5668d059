"""Every test of the store runs on each backend: SQLite and a real PostgreSQL."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.db import migrate
from ayla_service.db.session import Database
from sqlalchemy import URL

from tests.servers.postgres import PostgresServer

_numbers = itertools.count()

# A test may get no processor for many seconds, and asks once where a worker would ask again.
_PATIENT = {
    "options": "-c idle_in_transaction_session_timeout=10min -c lock_timeout=5min",
    "connect_timeout": "300",
    "tcp_user_timeout": "300000",
}


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[URL]:
    """A PostgreSQL database with the current schema, to be copied for each test."""
    template = postgres_server.create_database(_named("template"))
    database = Database(template.render_as_string(hide_password=False))
    migrate.upgrade(database)
    database.dispose()
    yield template
    postgres_server.drop_database(str(template.database))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """This test's own store, empty and migrated, on one backend after the other."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("store_path")
        store = Database(f"sqlite:///{path}")
        yield store
        store.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    template: URL = request.getfixturevalue("postgres_template")
    copy = server.create_database(_named(f"test_{next(_numbers)}"), template.database)
    store = Database(copy.update_query_dict(_PATIENT).render_as_string(hide_password=False))
    yield store
    store.dispose()
    server.drop_database(str(copy.database))


def _named(what: str) -> str:
    """A database's name; processes of the suite that share a server have names of their own."""
    return f"ayla_{os.getpid()}_{what}"
