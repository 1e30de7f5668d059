"""The service in every way it can be deployed, each as real processes: an API, workers, a store, and maybe a broker."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import ayla
from ayla_service.db import migrate
from ayla_service.db.session import Database

from tests.servers import forks
from tests.servers.forks import Fork
from tests.system.processes import url_of
from tests.waiting import PATIENCE_SECONDS

SETTINGS = {
    "AYLA_LEASE_SECONDS": "10",
    "AYLA_HEARTBEAT_SECONDS": "0.3",
    "AYLA_CHECKPOINT_SECONDS": "0.3",
    "AYLA_REAP_SECONDS": "0.3",
    "AYLA_PRESENCE_SECONDS": "0.5",
    "AYLA_RETRY_SECONDS": "0.1",
    "AYLA_TORCH_THREADS": "1",
    "AYLA_LOG_FORMAT": "json",
}


@dataclass
class Deployment:
    """A running service.

    Attributes:
        name: of the way it is deployed.
        folder: for its logs.
        database: its store, for looking into it.
        environment: of its processes.
        url: of its API.
        workers: processes, by a number that grows with each start.
    """

    name: str
    folder: Path
    database: Database
    environment: dict[str, str]
    url: str = ""
    workers: dict[int, Fork] = field(default_factory=dict)

    def client(self) -> ayla.Client:
        """A client of it."""
        return ayla.Client(self.url)

    def start_worker(self) -> Fork:
        """One more worker."""
        process = self._start("worker", "ayla_worker")
        self.workers[len(self.workers)] = process
        return process

    def start_api(self) -> Fork:
        """The API, on a port of its own; ``url`` is where."""
        process = self._start("api", "ayla_service", "api", "--port", "0")
        self.url = url_of(process, max(self.folder.glob("api-*.log")))
        return process

    def log(self) -> str:
        """What all its processes have said."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _start(self, name: str, module: str, *arguments: str) -> Fork:
        log = self.folder / f"{name}-{time.monotonic_ns()}.log"
        return forks.start(module, arguments, environment=self.environment, output=log, folder=self.folder)


@contextmanager
def deployed(name: str, folder: Path, store_url: str, broker_url: str | None, workers: int) -> Iterator[Deployment]:
    """Migrate the store and start an API and workers over it; all are stopped at the end."""
    database = Database(store_url)
    migrate.upgrade(database)
    environment = {**os.environ, **SETTINGS, "AYLA_DATABASE_URL": store_url}
    if broker_url is not None:
        environment["AYLA_BROKER_URL"] = broker_url
    deployment = Deployment(name, folder, database, environment)
    with ExitStack() as stack:
        stack.callback(database.dispose)
        stack.callback(_end_all, deployment.workers)
        for _ in range(workers):
            deployment.start_worker()
        stack.callback(_end, deployment.start_api())
        yield deployment


def _end_all(processes: Mapping[int, Fork]) -> None:
    for process in processes.values():
        _end(process)


def _end(process: Fork) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
