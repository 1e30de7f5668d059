"""Fixtures of the whole suite."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from ayla_service.db import migrate
from ayla_service.db.session import Database
from hypothesis import settings

# A shell that starts the suite in the background has it ignore Ctrl-C, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on the machine and what else runs on it; that is for benchmarks.
settings.register_profile("ayla", deadline=None)
settings.load_profile("ayla")


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store with the current schema, made once and copied for each test."""
    path = tmp_path_factory.mktemp("store") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture
def store_path(migrated_store: Path, tmp_path: Path) -> Path:
    """The file of this test's own store."""
    path = tmp_path / "ayla.db"
    shutil.copy(migrated_store, path)
    return path


@pytest.fixture
def database(store_path: Path) -> Iterator[Database]:
    """This test's own store, empty and migrated."""
    database = Database(f"sqlite:///{store_path}")
    yield database
    database.dispose()
