"""The service as it is deployed, of real processes over real servers; everything is stopped and removed at the end."""

import itertools
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ayla_service.db import migrate
from ayla_service.db.models import WorkerRow
from ayla_service.db.session import Database
from sqlalchemy import NullPool, create_engine, select, text

from queue_measure.figures import wait_until
from tests.servers.forks import Process
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.system.deployments import Deployment
from tests.system.processes import family

THREADS = {"AYLA_TORCH_THREADS": "1"}
"""Of every worker: so the measurements say how many cores they use."""

_STOP_SECONDS = 20.0
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Way:
    """How the service is deployed.

    Attributes:
        title: in tables.
        postgres: whether the store is PostgreSQL; else SQLite.
        broker: whether Celery on Redis wakes the workers; else a timer.
    """

    title: str
    postgres: bool
    broker: bool


SQLITE = Way("SQLite, timer", postgres=False, broker=False)
POSTGRES = Way("PostgreSQL, timer", postgres=True, broker=False)
CELERY = Way("PostgreSQL, Celery on Redis", postgres=True, broker=True)


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL whose commits reach the disk, and a Redis without persistence, both reached over TCP."""

    postgres: PostgresServer
    redis: RedisServer

    def described(self) -> str:
        """Versions and what is durable, for the page."""
        engine = create_engine(self.postgres.url, poolclass=NullPool)
        with engine.connect() as connection:
            postgres = connection.execute(text("SHOW server_version")).scalar_one()
        with self.redis.client() as client:
            redis = client.info("server")["redis_version"]
        return (
            f"PostgreSQL {postgres} (fsync on, else its defaults) and Redis {redis} (no persistence), both on this "
            f"machine over TCP; SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL)."
        )


@contextmanager
def servers() -> Iterator[Servers]:
    """Both servers, of this benchmark alone."""
    with PostgresServer.own(durable=True, tcp=True) as postgres, RedisServer.own() as redis:
        yield Servers(postgres, redis)


@contextmanager
def store(backing: Servers, way: Way) -> Iterator[Database]:
    """A new store with its schema, gone at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ayla-queue-")))
        database = Database(stack.enter_context(_store_url(backing, way, folder)))
        stack.callback(database.dispose)
        migrate.upgrade(database)
        yield database


@contextmanager
def installed(backing: Servers, way: Way, **settings: object) -> Iterator["Installation"]:
    """A new store, and whatever processes are started over it; the defaults are the service's but for ``settings``."""
    with ExitStack() as stack:
        database = stack.enter_context(store(backing, way))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ayla-queue-")))
        environment = {**os.environ, **THREADS, "AYLA_DATA_DIR": str(folder), "AYLA_DATABASE_URL": database.url}
        if way.broker:
            backing.redis.clear()
            environment["AYLA_BROKER_URL"] = backing.redis.url
        environment |= {f"AYLA_{name.upper()}": str(value) for name, value in settings.items()}
        installation = Installation(backing, way, Deployment(way.title, folder, database, environment))
        stack.callback(installation.stop)
        yield installation


class Installation:
    """An API and workers over one store.

    Args:
        backing: the servers.
        way: how it is deployed.
        deployment: the processes.
    """

    def __init__(self, backing: Servers, way: Way, deployment: Deployment) -> None:
        self.backing = backing
        self.way = way
        self.database = deployment.database
        self.workers: list[Process] = []
        self.api: Process | None = None
        self._deployment = deployment

    @property
    def url(self) -> str:
        """Of the API."""
        return self._deployment.url

    def start_api(self) -> Process:
        """Start the API; returns when it listens."""
        self.api = self._deployment.start_api()
        return self.api

    def start_workers(self, count: int) -> None:
        """Start workers; returns when all that live are registered, warm, and listen to the broker if there is one."""
        self.workers = [process for process in self.workers if process.poll() is None]
        self.workers += [self._deployment.start_worker() for _ in range(count)]
        wait_until(self._are_ready, "workers to register", look=0.05)

    def stop(self) -> None:
        """Stop every process."""
        stop([*self.workers, *([self.api] if self.api else [])])

    def _are_ready(self) -> bool:
        if any(process.poll() is not None for process in self.workers):
            raise RuntimeError(f"a worker ended: {self._deployment.log()[-2000:]}")
        with self.database.read() as session:
            rows = session.execute(select(WorkerRow.pid, WorkerRow.devices).where(WorkerRow.stopped_at.is_(None)))
            prepared = {pid for pid, devices in rows if devices}
        listening = not self.way.broker or listeners(self.backing.redis) >= len(self.workers)
        return listening and all(prepared & family(process.pid) for process in self.workers)


def listeners(redis: RedisServer) -> int:
    """How many processes wait for a message at this moment."""
    with redis.client() as client:
        return sum(one["cmd"] == "brpop" for one in client.client_list())


def stop(processes: Iterable[Process]) -> None:
    """Ask processes to end, all at once, and kill those that do not."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _store_url(backing: Servers, way: Way, folder: Path) -> Iterator[str]:
    if not way.postgres:
        yield f"sqlite:///{folder / 'ayla.db'}"
        return
    name = f"queue_{next(_numbers)}"
    yield backing.postgres.create_database(name).render_as_string(hide_password=False)
    backing.postgres.drop_database(name)
