"""Processes that begin as copies of one that has imported the service and the worker already.

To import them, PyTorch among it, takes more than two seconds of processor time, and the suite starts a hundred of them.
A copy is a process like any other, with its own id, signals, environment, files and exit status.

The original is ``python -m tests.servers.forks``: it takes an order a line and answers each with a line.
"""

import atexit
import contextlib
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_LOOK_SECONDS = 0.01


class Fork:
    """A process, with what the tests use of ``subprocess.Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        if self._status is None:
            self._status = _original.ask(poll=self.pid)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns the exit status.

        Raises:
            subprocess.TimeoutExpired: if it still runs after so many seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(_LOOK_SECONDS)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


Process = subprocess.Popen[bytes] | Fork


def start(
    module: str,
    arguments: Sequence[str] = (),
    *,
    environment: Mapping[str, str],
    output: Path,
    folder: Path | None = None,
    script: str = "",
) -> Fork:
    """Start what ``python -m MODULE ARGUMENTS`` would, in a session of its own and with no standard input.

    Args:
        module: the worker or the service.
        arguments: of its command line.
        environment: all of its variables.
        output: file that what it prints is added to.
        folder: where it works; None: where the suite does.
        script: Python code to run instead of the module, as ``python -c`` would.
    """
    output.touch()
    order = {
        "module": module,
        "arguments": list(arguments),
        "environment": dict(environment),
        "output": str(output.absolute()),
        "folder": str(folder or Path.cwd()),
        "script": script,
    }
    return Fork(_original.ask(**order))


class _Original:
    """The process that is copied; it starts with the first order and ends with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, **order: Any) -> Any:
        with self._lock:
            process = self._process or self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{json.dumps(order)}\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.servers.forks"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=_ROOT, start_new_session=True)
        atexit.register(self._end, self._process)
        return self._process

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.communicate()


_original = _Original()


def _serve() -> None:
    for module in ("ayla_service.cli", "ayla_worker.__main__", "ayla_worker.preparation", "ayla_worker.metrics_server"):
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        answer = _status(order["poll"]) if "poll" in order else _forked(order)
        print(json.dumps(answer), flush=True)  # noqa: T201  # this is its answer
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _status(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _forked(order: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        _become(order)
    return child


def _become(order: dict[str, Any]) -> None:
    """Run what was ordered, to the end of this process."""
    os.setsid()
    _redirect(Path(order["output"]))
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    if order["script"]:
        exec(compile(order["script"], "<script>", "exec"), {"__name__": "__main__"})
    else:
        sys.modules.pop(f"{order['module']}.__main__", None)  # it is run once more, not found
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    sys.exit()


def _redirect(output: Path) -> None:
    with output.open("ab") as log, Path(os.devnull).open("rb") as nothing:
        for file, number in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(file.fileno(), number)


if __name__ == "__main__":
    _serve()
