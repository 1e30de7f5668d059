"""Supervisor of a child process: starts it, restarts it when it dies, and stops it.

The child is the embedded worker beside the API, or one of several processes of the API.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import structlog

from ayla_service.queue.wakeup import WakeUp

WORKER_COMMAND = (sys.executable, "-m", "ayla_worker", "--exit-with-parent")

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 10.0
_STEADY_SECONDS = 60.0

log = structlog.get_logger("ayla_service.processes.supervisor")


class ProcessSupervisor:
    """Runs one child process, and starts it anew when it dies.

    The child has a session of its own, so a Ctrl-C in the terminal reaches it only through this process. It holds
    the other end of a pipe as its standard input: when this process dies, however suddenly, it reads the end of the
    file and stops; a worker hands back its lease before. A byte through it says that there is work.

    Args:
        environment: of the child.
        shutdown_seconds: how long a stopping child may take before it is killed.
        command: what to run; must exit when its standard input ends.
        title: what it is, in the log.
        descriptors: open files that the child gets, by the same numbers.
        on_end: called with the process id of each child that has ended.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        shutdown_seconds: float,
        command: Sequence[str] = WORKER_COMMAND,
        title: str = "worker",
        descriptors: Collection[int] = (),
        on_end: Callable[[int], object] = lambda _pid: None,
    ) -> None:
        self._environment = dict(environment)
        self._shutdown_seconds = shutdown_seconds
        self._command = list(command)
        self._title = title
        self._descriptors = tuple(descriptors)
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"{title}-supervisor", daemon=True)

    def __enter__(self) -> Self:
        """Start the process."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Stop the process: ask it, wait, then kill what is left of it."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is not None:
            self._stop(process)
        self._thread.join()

    def wake(self) -> None:
        """Have the worker look for work; of one that is busy, or not there, nothing comes, and it looks by itself."""
        process = self._process
        if process is not None and process.stdin is not None:
            # Closed, broken, or full of wake-ups that nobody has read yet.
            with contextlib.suppress(OSError, ValueError):
                os.write(process.stdin.fileno(), b"\n")

    def _watch(self) -> None:
        delay = _FIRST_DELAY_SECONDS
        while not self._stopping.is_set():
            begun = time.monotonic()
            how = self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - begun >= _STEADY_SECONDS:
                delay = _FIRST_DELAY_SECONDS
            log.warning(f"no {self._title} process", restart_in_seconds=delay, **how)
            self._stopping.wait(delay)
            delay = min(2 * delay, _LONGEST_DELAY_SECONDS)

    def _run_once(self) -> dict[str, object]:
        """Run the process to its end; returns how it ended, or why it did not even start."""
        try:
            process = self._start()
        except OSError as error:
            return {"error": str(error)}
        if process is None:
            return {}
        code = process.wait()
        self._on_end(process.pid)
        if not self._stopping.is_set():
            _close_pipe(process)
        return {"exit_code": code}

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(  # noqa: S603  # our own command line
                self._command,
                stdin=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
                pass_fds=self._descriptors,
            )
            if self._process.stdin is not None:
                os.set_blocking(self._process.stdin.fileno(), False)
            log.info(f"{self._title} process started", pid=self._process.pid)
            return self._process

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        _close_pipe(process)
        try:
            process.wait(self._shutdown_seconds)
        except subprocess.TimeoutExpired:
            log.warning(f"{self._title} process killed", after_seconds=self._shutdown_seconds)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class EmbeddedWakeUp:
    """Wake-up of the embedded worker, beside those over a broker if there is one.

    Args:
        others: wakes the other workers.
        supervisor: of the embedded one.
    """

    def __init__(self, others: WakeUp, supervisor: ProcessSupervisor) -> None:
        self._others = others
        self._supervisor = supervisor

    def notify(self, devices: Sequence[str]) -> None:
        """Say that shards were queued."""
        if devices:
            self._supervisor.wake()
        self._others.notify(devices)

    def remind(self, waiting: Mapping[str, int]) -> None:
        """Say how many shards wait by now; the embedded worker looks by itself."""
        self._others.remind(waiting)

    def close(self) -> None:
        """Let go of the broker."""
        self._others.close()


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
