"""The real service as a user starts it: ``ayla-service serve`` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ayla
import psutil

from tests.servers.forks import Process
from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def client(self) -> ayla.Client:
        """A client of it."""
        return ayla.Client(self.url)

    def kill(self) -> None:
        """Kill API and worker with -9, both at once."""
        family = [self.process.pid, *children(self.process.pid)]
        for number in family:
            os.kill(number, signal.SIGKILL)
        self.process.wait()


@contextmanager
def service(folder: Path, *, port: int = 0, **settings: object) -> Iterator[Service]:
    """``ayla-service serve`` on a port, 0 for a free one, with its store in ``folder``; stopped at the end."""
    environment = {
        **os.environ,
        "AYLA_DATA_DIR": str(folder / "data"),
        "AYLA_LEASE_SECONDS": "10",
        "AYLA_REAP_SECONDS": "0.2",
        "AYLA_HEARTBEAT_SECONDS": "0.2",
        **{f"AYLA_{name.upper()}": str(value) for name, value in settings.items()},
    }
    log = folder / f"service-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "ayla_service", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield Service(process, log, url_of(process, log))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


_ADDRESS = re.compile(r'(?:http://127\.0\.0\.1:|"host": "127\.0\.0\.1", "port": )(\d+)')
"""Of the first line, for people or in JSON."""


def url_of(process: Process, log: Path) -> str:
    """Where a process that has just been started serves, as its log says.

    Raises:
        RuntimeError: if it ends, or says nothing for long.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _ADDRESS.search(log.read_text())
        if found:
            return f"http://127.0.0.1:{found[1]}"
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start: {log.read_text()}")


def children(parent: int) -> list[int]:
    """The process ids of a process's children."""
    return [child.pid for child in psutil.Process(parent).children(recursive=True)]


def family(number: int) -> set[int]:
    """The process ids of a process and its children: of a worker and the process in which it computes."""
    try:
        return {number, *children(number)}
    except psutil.NoSuchProcess:
        return {number}


def computing(number: int) -> list[int]:
    """Children of a Celery worker's main process that compute; it has another one, which keeps semaphores."""
    try:
        return [child.pid for child in psutil.Process(number).children() if _is_computing(child)]
    except psutil.NoSuchProcess:
        return []


def _is_computing(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def alive(number: int) -> bool:
    """Whether a process with this id runs; one that has ended but was not waited for does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
