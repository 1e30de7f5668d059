"""A whole installation of real processes: PostgreSQL, Redis, two APIs, three workers, and what lies between them."""

import contextlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ayla_service.db import migrate
from ayla_service.db.session import Database
from sqlalchemy import URL

from tests.chaos import audit
from tests.chaos.disk import SmallDisk, put_tables_on, small_disk
from tests.chaos.postman import Postman
from tests.chaos.processes import Member, Supervisor
from tests.chaos.proxy import Network, Proxy
from tests.chaos.schedule import APIS, LEASE_SECONDS, WORKERS
from tests.servers.postgres import PostgresServer
from tests.servers.process import free_port
from tests.servers.redis import RedisServer

GRACE_SECONDS = 8.0
"""AYLA_SHUTDOWN_SECONDS: what a process that is told to stop has."""

_SETTINGS = {
    "AYLA_LEASE_SECONDS": str(LEASE_SECONDS),
    "AYLA_HEARTBEAT_SECONDS": "0.3",
    "AYLA_CHECKPOINT_SECONDS": "0.5",
    "AYLA_REAP_SECONDS": "0.5",
    "AYLA_RETRY_SECONDS": "0.2",
    "AYLA_SWEEP_SECONDS": "2",
    "AYLA_PRESENCE_SECONDS": "1",
    # So many that faults alone fail no job.
    "AYLA_MAX_ATTEMPTS": "50",
    "AYLA_TORCH_THREADS": "1",
    "AYLA_SHUTDOWN_SECONDS": str(GRACE_SECONDS),
    "AYLA_DOWNLOAD_DATASETS": "false",
    "AYLA_LOG_FORMAT": "json",
}
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """All parts of a running installation.

    Attributes:
        database: the store, by a way of its own past all proxies.
        disk: that holds the store's tables; None where this process may not mount one.
        lines: between each worker and the store.
        urls: of the APIs.
        listened_to: the broker of the workers, behind the postman.
        locks: one for each thing that can be hurt.
        folder: of the logs.
    """

    postgres: PostgresServer
    redis: RedisServer
    database: Database
    disk: SmallDisk | None
    lines: list[Proxy]
    postman: Postman
    apis: list[Member]
    workers: list[Member]
    urls: list[str]
    listened_to: str
    supervisor: Supervisor
    folder: Path
    locks: dict[str, threading.Lock]

    def victim_lock(self, name: str) -> threading.Lock:
        """Held while a fault hurts the thing of this name."""
        return self.locks.setdefault(name, threading.Lock())


@contextmanager
def deployed(folder: Path, seed: int) -> Iterator[Deployment]:
    """The installation, up and migrated, with the audit in its store; everything is gone at the end but the logs."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk())
        postgres = stack.enter_context(PostgresServer.own(tcp=True))
        redis = stack.enter_context(RedisServer.own(persistent=True))
        url = _store(postgres, disk)
        database = Database(url.render_as_string(hide_password=False))
        stack.callback(database.dispose)
        network = stack.enter_context(Network())
        lines = [network.proxy(url.port or 0) for _ in range(WORKERS)]
        sent_to, listened_to = f"{redis.url.removesuffix('/0')}/0", f"{redis.url.removesuffix('/0')}/1"
        postman = Postman(sent_to, listened_to, seed)
        ports = [free_port() for _ in range(APIS)]
        apis = [_api(number, port, url, sent_to, folder) for number, port in enumerate(ports)]
        workers = [_worker(number, line, url, listened_to, folder) for number, line in enumerate(lines)]
        supervisor = Supervisor([*apis, *workers])
        stack.callback(supervisor.stop)
        stack.callback(postman.stop)
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        supervisor.start()
        postman.start()
        deployment = Deployment(
            postgres, redis, database, disk, lines, postman, apis, workers, urls, listened_to, supervisor, folder, {}
        )
        _wait_for_all(deployment)
        yield deployment


def answers(url: str) -> bool:
    """Whether an API answers."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _store(server: PostgresServer, disk: SmallDisk | None) -> URL:
    url = server.create_database("ayla")
    if disk is not None:
        put_tables_on(disk, server, "ayla")
    database = Database(url.render_as_string(hide_password=False))
    try:
        migrate.upgrade(database)
        audit.install(database)
    finally:
        database.dispose()
    return url


def _api(number: int, port: int, store: URL, broker: str, folder: Path) -> Member:
    environment = _SETTINGS | {
        "AYLA_DATABASE_URL": store.render_as_string(hide_password=False),
        "AYLA_BROKER_URL": broker,
        "AYLA_DATA_DIR": str(folder / "data"),
    }
    return Member(f"api-{number}", "ayla_service", ["api", "--port", str(port)], environment, folder)


def _worker(number: int, line: Proxy, store: URL, broker: str, folder: Path) -> Member:
    name = f"worker-{number}"
    url = store.set(port=line.port).update_query_dict({"application_name": name})
    environment = _SETTINGS | {
        "AYLA_DATABASE_URL": url.render_as_string(hide_password=False),
        "AYLA_BROKER_URL": broker,
        "AYLA_DATA_DIR": str(folder / "data"),
    }
    return Member(name, "ayla_worker", [], environment, folder)


def _wait_for_all(deployment: Deployment) -> None:
    """Until both APIs answer and every worker has begun to work; the store is not asked, as it knows of no names."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (all(map(answers, deployment.urls)) and all(map(_has_begun, deployment.workers))):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the deployment did not come up; its logs are in {deployment.folder}")
        time.sleep(0.1)


def _has_begun(member: Member) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return "worker started" in member.log.read_text()
    return False
