"""Several processes of the API on one port: this process listens, and its children accept what comes.

All children wait on the one socket, and the system gives each connection to one of them. Should one die, the others go
on, it is started anew, and a connection that nobody had accepted yet is accepted by another: nothing is lost but the
requests that it was answering.
"""

import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from prometheus_client.multiprocess import mark_process_dead

from ayla_service.observability.metrics import SHARED_FOLDER
from ayla_service.processes.server import STOP_SIGNALS
from ayla_service.processes.startup import environment, variable
from ayla_service.processes.supervisor import ProcessSupervisor
from ayla_service.settings import Settings

_STOPS = 2
"""Times AYLA_SHUTDOWN_SECONDS: first the requests in progress end, then the threads of the process."""


def serve_by_several(listener: socket.socket, settings: Settings) -> None:
    """Serve on ``listener`` by ``settings.api_processes`` children; on SIGINT or SIGTERM stop them, and return."""
    stopping = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: stopping.set())
    with (
        tempfile.TemporaryDirectory(prefix="ayla-metrics-") as folder,
        _running(_supervisors(listener, settings, folder)),
    ):
        stopping.wait()


def _supervisors(listener: socket.socket, settings: Settings, folder: str) -> list[ProcessSupervisor]:
    """One for each child; what they count they count together, in a folder of files."""
    descriptor = listener.fileno()
    return [
        ProcessSupervisor(
            environment(settings) | {SHARED_FOLDER: folder, variable("api_processes"): "1"},
            _STOPS * settings.shutdown_seconds,
            [sys.executable, "-m", "ayla_service", "api", "--fd", str(descriptor), "--exit-with-parent"],
            title="API",
            descriptors=[descriptor],
            on_end=lambda pid: mark_process_dead(pid, folder),  # type: ignore[no-untyped-call]
        )
        for _ in range(settings.api_processes)
    ]


@contextmanager
def _running(supervisors: Sequence[ProcessSupervisor]) -> Iterator[None]:
    """All of them; they stop at the same time, as each may take as long as it may."""
    for supervisor in supervisors:
        supervisor.__enter__()
    try:
        yield
    finally:
        with ThreadPoolExecutor(len(supervisors)) as pool:
            list(pool.map(lambda supervisor: supervisor.__exit__(None, None, None), supervisors))
