"""Fixtures of the whole suite."""

import logging
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from ayla_service.db import migrate
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import settings
from sqlalchemy import URL
from structlog.testing import LogCapture
from structlog.typing import EventDict

from tests.distribution import Distribution
from tests.factories import spec
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitServer, rabbitmq_program
from tests.servers.redis import RedisServer
from tests.servers.reused import ReusedDatabase, database_name

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
    """Files are distributed, not tests, and those that wait beside those that compute."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False  # long files are not those with many tests
    return Distribution(config, log)


_DRAW_NOTHING = {"tqdm_monitor"}
"""Threads of libraries that only look at the clock; where tqdm is installed, PyTorch uses it."""


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Nothing works in the background of a property test.

    Hypothesis sets the global random generator for each example. What draws from it in another thread meanwhile makes
    the test flaky, libraries included. So what answers a property test runs in a process of its own.
    """
    if pyfuncitem.get_closest_marker("hypothesis") is None:
        return (yield)
    others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    beside = [name for name in others if name not in _DRAW_NOTHING]
    assert not beside, f"a property test must be all that its process does; threads beside it: {beside}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", _start_nothing)
        return (yield)


def _start_nothing(thread: threading.Thread) -> None:
    raise AssertionError(f"a property test must be all that its process does; it starts {thread.name}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that is marked ``every_store`` runs on each backend: SQLite and a real PostgreSQL."""
    chosen = any("database" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    marked = metafunc.definition.get_closest_marker("every_store") is not None
    if marked and not chosen and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 256 trials in a shard, so that a job of some hundred trials has several."""
    monkeypatch.setattr("ayla_spec.shards.TRIALS_PER_SHARD", 256)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of access log lines would hide what a failing test says.

    And a test that runs a command has its log go to an output that is closed after it.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def events() -> list[EventDict]:
    """What this test logs, as it is logged."""
    captured = LogCapture()
    structlog.configure([captured], structlog.make_filtering_bound_logger(logging.NOTSET))
    return captured.entries


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
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """This test's own store, empty and migrated: SQLite, and with the mark ``every_store`` PostgreSQL too."""
    if getattr(request, "param", "sqlite") == "postgresql":
        reused: ReusedDatabase = request.getfixturevalue("reused")
        with reused.opened() as store:
            yield store
        return
    path: Path = request.getfixturevalue("store_path")
    store = Database(f"sqlite:///{path}")
    yield store
    store.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the tests of this process; a test that harms one starts its own."""
    with PostgresServer.shared() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[URL]:
    """A PostgreSQL database with the current schema, to be copied for each module."""
    template = postgres_server.create_database(database_name("template"))
    database = Database(template.render_as_string(hide_password=False))
    migrate.upgrade(database)
    database.dispose()
    yield template
    postgres_server.drop_database(str(template.database))


@pytest.fixture(scope="module")
def reused(postgres_server: PostgresServer, postgres_template: URL) -> Iterator[ReusedDatabase]:
    """The PostgreSQL database of a module: to copy one for each test would cost more than many tests themselves."""
    with closing(ReusedDatabase(postgres_server, postgres_template)) as reused:
        yield reused


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for the tests of this process; a test that harms one starts its own."""
    with RedisServer.shared() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[RabbitServer]:
    """A RabbitMQ for the tests of this process, where one is installed."""
    if rabbitmq_program() is None:
        pytest.skip("rabbitmq-server is not installed")
    with RabbitServer.own() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of a Redis database that is empty when the test begins."""
    redis_server.clear()
    return redis_server.url


@pytest.fixture(scope="session")
def default_settings() -> Settings:
    """Settings as they are where nobody sets any; to read the environment takes longer than many a test."""
    return Settings()


@pytest.fixture
def app(tmp_path: Path, database: Database, default_settings: Settings) -> FastAPI:
    """The real application on this test's own store."""
    # Not for tests that need none: it takes a second.
    from ayla_service.app import create_app

    from tests.http.helpers import with_shared_routes

    return with_shared_routes(create_app(default_settings.model_copy(update={"data_dir": tmp_path}), database))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of that application."""
    from tests.http.helpers import BASE_URL

    with TestClient(app, BASE_URL) as client:
        yield client


@pytest.fixture
def job_id(client: TestClient) -> str:
    """A job of two trials that was just submitted."""
    job_id: str = client.post("/v1/jobs", json=spec()).json()["id"]
    return job_id


@pytest.fixture
def trial_id(client: TestClient, job_id: str) -> str:
    """Its first trial."""
    trial_id: str = client.get(f"/v1/jobs/{job_id}/trials").json()["data"][0]["id"]
    return trial_id
