"""Every test of the store runs on each backend: SQLite and a real PostgreSQL."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.db import migrate
from ayla_service.db.session import Database
from sqlalchemy import URL, create_engine, text

from tests.postgres import running_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[URL]:
    """A PostgreSQL database with the current schema, to be copied for each test."""
    with running_server() as maintenance:
        template = maintenance.set(database="ayla_template")
        _administer(maintenance, "CREATE DATABASE ayla_template")
        database = Database(template.render_as_string(hide_password=False))
        migrate.upgrade(database)
        database.dispose()
        yield template


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """This test's own store, empty and migrated, on one backend after the other."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("store_path")
        store = Database(f"sqlite:///{path}")
        yield store
        store.dispose()
        return
    template: URL = request.getfixturevalue("postgres_template")
    name = f"ayla_test_{next(_numbers)}"
    _administer(template.set(database="postgres"), f"CREATE DATABASE {name} TEMPLATE ayla_template")
    store = Database(template.set(database=name).render_as_string(hide_password=False))
    yield store
    store.dispose()
    _administer(template.set(database="postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
