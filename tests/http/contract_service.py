"""The service that the contract's tests ask: a process of its own, beside the one that makes up the requests.

Run as ``python -m tests.http.contract_service FOLDER``; it prints its port and stops when its standard input ends.
"""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from ayla_service.app import create_app
from ayla_service.datasets.routes.uploads import UploadReceiver
from ayla_service.db.session import Database
from ayla_service.logging import configure_logging
from ayla_service.processes.server import serve_until_stopped, stop_with_parent
from ayla_service.settings import Settings
from ayla_service.webhooks.networks import PrivateHosts
from ayla_service.webhooks.service import WebhookService
from ayla_service.webhooks.target_policy import TargetPolicy
from fastapi import FastAPI

from tests.processes.command import clean_environment
from tests.uploaded import in_this_process
from tests.waiting import PATIENCE_SECONDS

_SOMEWHERE = IPv4Address("93.184.215.14")
"""Where every name leads; nobody is asked for it."""


@dataclass(frozen=True, slots=True)
class ContractService:
    """A running service.

    Attributes:
        url: where it answers.
        database: its store, opened a second time by the tests.
    """

    url: str
    database: Database


@contextmanager
def contract_service(folder: Path) -> Iterator[ContractService]:
    """The service on the store in this folder, until the block is left."""
    command = [sys.executable, "-m", "tests.http.contract_service", str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, env=clean_environment(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, (folder / "log").read_text()
        database = Database(_settings(folder).store_url)
        try:
            yield ContractService(f"http://127.0.0.1:{port}", database)
        finally:
            database.dispose()
            process.stdin.close()
            assert process.wait(PATIENCE_SECONDS) == 0


def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, rate_limit_per_minute=0)


@asynccontextmanager
async def _answers_only(_app: FastAPI) -> AsyncIterator[None]:
    """No webhook is sent to the addresses that were made up, and nothing is reaped in between."""
    yield


def _serve(folder: Path) -> None:
    settings = _settings(folder)
    configure_logging(settings)
    database = Database(settings.store_url)
    app = create_app(settings, database)
    app.router.lifespan_context = _answers_only
    app.state.webhooks = WebhookService(database, TargetPolicy(PrivateHosts(), lambda _host, _seconds: [_SOMEWHERE]))
    app.state.uploads = UploadReceiver(database, app.state.datasets, in_this_process)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201  # this is its answer
        stop_with_parent()
        serve_until_stopped(app, listener, settings)
    database.dispose()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
