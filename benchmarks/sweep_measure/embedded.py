"""The embedded service, as ``ayla-service serve`` starts it: an API and one worker over SQLite, and what they weigh."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from queue_measure.api import Api

from sweep_measure.grids import grid
from tests.system.processes import url_of

_LOOK_SECONDS = 0.05
_START_SECONDS = 300.0
_STOP_SECONDS = 30.0
_MEGABYTE = 1e6


@dataclass
class Embedded:
    """A running service of one machine.

    Attributes:
        url: of its API.
        folder: of its store.
        process: the API, whose child is the worker.
        log: of both.
        peaks: most resident memory of each process, in MB, by what it is.
    """

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path
    peaks: dict[str, float] = field(default_factory=dict)

    @property
    def store_bytes(self) -> int:
        """Size of the store's files."""
        return sum(path.stat().st_size for path in self.folder.glob("*.db*"))

    def kill_worker(self) -> None:
        """Kill the worker with -9; the API starts another one."""
        for worker in psutil.Process(self.process.pid).children():
            worker.kill()

    def kill(self) -> None:
        """Kill API and worker with -9, before the worker hears of it."""
        family = [*psutil.Process(self.process.pid).children(), psutil.Process(self.process.pid)]
        for process in family:
            process.kill()
        psutil.wait_procs(family[:-1])
        self.process.wait()

    def start_again(self) -> None:
        """Start what was killed, over the same store."""
        self.log = self.folder / f"service-{time.monotonic_ns()}.log"
        self.process = _started(self.folder, self.log)
        self.url = url_of(self.process, self.log)

    def watch(self, stopping: threading.Event) -> None:
        """Note the memory of both processes until told to stop."""
        while not stopping.wait(_LOOK_SECONDS):
            with suppress(psutil.Error):
                api = psutil.Process(self.process.pid)
                self._note("API", api)
                for child in api.children():
                    self._note("worker", child)

    def _note(self, what: str, process: psutil.Process) -> None:
        self.peaks[what] = max(self.peaks.get(what, 0.0), process.memory_info().rss / _MEGABYTE)


@contextmanager
def embedded() -> Iterator[Embedded]:
    """A fresh service with an idle worker; stopped and removed at the end."""
    with TemporaryDirectory(prefix="ayla-sweeps-") as name:
        folder = Path(name)
        log = folder / "service.log"
        process, stopping = _started(folder, log), threading.Event()
        service = Embedded("", folder, process, log)
        try:
            service.url = url_of(process, log)
            with Api(service.url) as api:
                # A worker that prepares itself counts as one that is there; it is ready once it has done something.
                api.finished(api.submit(grid(2, steps=1)), pause=0.1, limit=_START_SECONDS)
            time.sleep(1.0)  # until nothing of its start is left to be done
            watcher = threading.Thread(target=service.watch, args=(stopping,), daemon=True)
            watcher.start()
            yield service
        finally:
            stopping.set()
            service.process.terminate()
            service.process.wait(_STOP_SECONDS)


def _started(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "AYLA_DATA_DIR": str(folder), "AYLA_DATABASE_URL": f"sqlite:///{folder / 'ayla.db'}"}
    command = [sys.executable, "-m", "ayla_service", "serve", "--port", "0"]
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)
