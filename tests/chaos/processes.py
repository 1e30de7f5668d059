"""The processes of the deployment, and the supervisor that starts again what has ended, as compose would."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers import forks
from tests.servers.forks import Fork
from tests.system.processes import family

_LOOK_SECONDS = 0.05
_RESTART_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Exit:
    """A process that has ended; ``status`` is negative for a signal."""

    name: str
    pid: int
    status: int
    at: float


class Member:
    """One process of the deployment; its log outlives its restarts.

    Args:
        name: for people; also the name of its log.
        module: run with ``python -m``.
        arguments: of the command.
        environment: settings, beside the environment of this process.
        folder: of the log.
    """

    def __init__(
        self, name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._module, self._arguments = module, arguments
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AYLA_")}
        kept = {key: value for key, value in os.environ.items() if key in {"AYLA_CACHE_DIR", "AYLA_NATIVE"}}
        self._environment = inherited | kept | dict(environment)
        self._process: Fork | None = None

    @property
    def pid(self) -> int:
        """Process id of the one that runs, or ran last."""
        assert self._process is not None
        return self._process.pid

    @property
    def family(self) -> set[int]:
        """Process ids of it and its children; a worker computes in a child."""
        return family(self.pid)

    @property
    def node(self) -> str:
        """Name of a worker as Celery has it."""
        return f"ayla-{self.pid}@{socket.gethostname()}"

    def start(self) -> None:
        """Start it."""
        # In a session of its own: Ctrl-C in the terminal is for the harness, which ends the others itself.
        self._process = forks.start(self._module, self._arguments, environment=self._environment, output=self.log)

    def ended(self) -> int | None:
        """Its exit status; None while it runs."""
        return None if self._process is None else self._process.poll()

    def signal_family(self, number: signal.Signals) -> None:
        """Send a signal to it and to its children."""
        for pid in self.family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def signal(self, number: signal.Signals) -> int:
        """Send a signal; returns the process id that it went to."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.pid

    def end(self) -> None:
        """Kill it for good, frozen or not."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()


class Supervisor:
    """A thread that starts again whatever has ended.

    Attributes:
        exits: every end of a process, in order.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.exits: list[Exit] = []
        self._members = members
        self._due: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start every process, and watch them."""
        for member in self._members:
            member.start()
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer, and end every process."""
        self._stopping.set()
        self._thread.join()
        for member in self._members:
            member.end()

    def exit_of(self, pid: int, seconds: float) -> Exit | None:
        """How a process ended; None if it has not within so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = next((item for item in self.exits if item.pid == pid), None)
            if found is not None:
                return found
            time.sleep(_LOOK_SECONDS)
        return None

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for member in self._members:
                self._look(member)

    def _look(self, member: Member) -> None:
        status = member.ended()
        if status is None:
            return
        if member.name not in self._due:
            self.exits.append(Exit(member.name, member.pid, status, time.time()))
            self._due[member.name] = time.monotonic() + _RESTART_SECONDS
        elif time.monotonic() >= self._due[member.name]:
            del self._due[member.name]
            member.start()
