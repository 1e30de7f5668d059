"""Fixtures of the whole suite."""

import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from ayla_service.db import migrate
from ayla_service.db.session import Database
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

# A shell that starts the suite in the background has it ignore Ctrl-C, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on the machine and what else runs on it; that is for benchmarks.
settings.register_profile("ayla", deadline=None, derandomize=True)
# New examples at every run: for whoever looks for faults (make fuzz), not for whoever wants to know about a change.
settings.register_profile("fuzz", deadline=None, print_blob=True)
settings.load_profile("ayla")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process runs all tests of a file, so that what they share is made once: a database, a service, a worker."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False  # long files are not those with many tests
    return LoadFileScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Nothing works in the background of a property test.

    Hypothesis sets the global random generator for each example. What draws from it in another thread meanwhile makes
    the test flaky, libraries included. So what answers a property test runs in a process of its own.
    """
    if pyfuncitem.get_closest_marker("hypothesis") is None:
        return (yield)
    beside = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    assert not beside, f"a property test must be all that its process does; threads beside it: {beside}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", _start_nothing)
        return (yield)


def _start_nothing(thread: threading.Thread) -> None:
    raise AssertionError(f"a property test must be all that its process does; it starts {thread.name}")


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """A test that runs a command has its log go to an output that is closed after it."""
    yield
    structlog.reset_defaults()


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the tests of this process; a test that harms one starts its own."""
    with PostgresServer.shared() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for the tests of this process; a test that harms one starts its own."""
    with RedisServer.shared() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of a Redis database that is empty when the test begins."""
    redis_server.clear()
    return redis_server.url
