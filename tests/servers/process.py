"""A server as a process that can be started, stopped, killed and frozen, again and again."""

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

from tests.servers.programs import ServerError, identity

_PATIENCE_SECONDS = 300.0
_GRACE_SECONDS = 1.0
_LOOK_SECONDS = 0.01
_SHOWN_LOG_BYTES = 2000
# Below the ports that systems give to outgoing connections: one of those could sit on a server's port while it is down.
_PORTS = range(15_000, 32_000)


class ServerProcess:
    """One server, with its log in its folder.

    Args:
        command: program and arguments; it must stay in the foreground.
        folder: that belongs to the server.
        is_ready: whether the process of this id answers by now.
        stop_signal: makes it end in good order.
        configuration: what it reads from its standard input, where no other user sees it.

    Attributes:
        log: what it writes.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        is_ready: Callable[[int], bool],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        configuration: str = "",
    ) -> None:
        self._command = list(command)
        self.log = folder / "log"
        self._is_ready = is_ready
        self._stop_signal = stop_signal
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            ServerError: if it does not run.
        """
        return self._running().pid

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerError: if it runs already, or does not come up; with the end of its log.
        """
        if self.is_running:
            raise ServerError(f"{self._command[0]} runs already")
        self._process = self._spawned()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._is_ready(self._process.pid):
            if not self.is_running or time.monotonic() > deadline:
                self._give_up()
            time.sleep(_LOOK_SECONDS)

    def stop(self, how: signal.Signals | None = None) -> None:
        """End it in good order, or by another signal, and wait until all of it is gone."""
        process = self._running()
        family = _family(process.pid)
        process.send_signal(how or self._stop_signal)
        process.send_signal(signal.SIGCONT)  # a frozen process would never see the other
        self._see_off(process, family)

    def kill(self) -> None:
        """Kill it with no chance to do anything, and wait until its children are gone too."""
        process = self._running()
        family = _family(process.pid)
        process.kill()
        self._see_off(process, family)

    def freeze(self) -> None:
        """Make it stand still: connections stay open, and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"{self._command[0]} does not run")
        return self._process

    def _spawned(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for the tests, which stop the server themselves.
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **identity(),
            )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(self._configuration.encode())
        return process

    def _give_up(self) -> None:
        if self.is_running:
            self.kill()
        end = self.log.read_bytes()[-_SHOWN_LOG_BYTES:].decode(errors="replace")
        raise ServerError(f"{self._command[0]} does not start; its log ends:\n{end}")

    @staticmethod
    def _see_off(process: subprocess.Popen[bytes], family: Sequence[psutil.Process]) -> None:
        process.wait(_PATIENCE_SECONDS)
        begun = time.monotonic()
        while alive := [child for child in family if _is_alive(child)]:
            # A child that is busy does not look whether its parent is still there.
            if time.monotonic() - begun > _GRACE_SECONDS:
                _kill(alive)
            time.sleep(_LOOK_SECONDS)


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nothing listens."""
    # Not from the seeds of a test: processes that run at once would all try the same ports.
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise ServerError("no free port was found")


def _family(pid: int) -> list[psutil.Process]:
    """The children, which nobody tells from strangers any more once their parent is gone."""
    return psutil.Process(pid).children(recursive=True)


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended and that nobody waits for, as in a container without init, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
