"""Runs one command beside a service of its own, which is started before it and stopped after it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ayla_service.processes.startup import StartError, base_url, data_folder, environment, listen
from ayla_service.settings import Settings

LOG_NAME = "service.log"

_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05
_SHOWN_LOG_LINES = 5
_NOT_EXECUTABLE, _NOT_FOUND, _SIGNALLED = 126, 127, 128


def run_command(command: Sequence[str], settings: Settings, mask: int = -1, keep: str | None = None) -> int:
    """Start the service, run ``command`` with AYLA_BASE_URL set, stop the service.

    Args:
        command: program and arguments; it keeps the terminal.
        settings: of the service, whose log goes into the data folder.
        mask: of the files that the command makes; -1: this process's own.
        keep: path of the page whose address is printed if the command succeeds; the service then goes on until it is
            stopped. None: it is stopped with the command.

    Returns:
        The command's exit code, as a shell would give it.

    Raises:
        StartError: if the service does not start.
    """
    log_path = data_folder(settings) / LOG_NAME
    with log_path.open("ab") as log, listen(settings.host, settings.port) as listener:
        url, log_begin = base_url(listener), log.tell()
        with _service(settings, listener, log) as service:
            listener.close()  # the service's copy is the only one now: if it dies, connections fail
            _wait_until_ready(service, url, log_path, log_begin)
            code = _run_child(command, {**os.environ, "AYLA_BASE_URL": url}, settings.shutdown_seconds, mask)
            if keep is not None and code == 0:
                _wait_for_end(service, f"{url}{keep}")
            return code


@contextlib.contextmanager
def _service(settings: Settings, listener: socket.socket, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The service as a child process in a session of its own, so that Ctrl-C goes to the command first."""
    descriptor = listener.fileno()
    arguments = [sys.executable, "-m", "ayla_service", "serve", "--fd", str(descriptor), "--exit-with-parent"]
    service = subprocess.Popen(  # noqa: S603  # our own command line
        arguments,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        pass_fds=[descriptor],
        env=environment(settings),
        start_new_session=True,
    )
    try:
        yield service
    finally:
        # Twice the time: first the requests in progress end, then the worker hands back its work.
        _stop(service, 2 * settings.shutdown_seconds)
        assert service.stdin is not None  # noqa: S101  # a pipe, above
        service.stdin.close()


def _wait_until_ready(service: subprocess.Popen[bytes], url: str, log_path: Path, log_begin: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _is_ready(url):
        if service.poll() is not None:
            raise StartError(_failure("The service stopped before it was ready.", log_path, log_begin))
        if time.monotonic() > deadline:
            detail = f"The service was not ready after {_READY_SECONDS:.0f} seconds."
            raise StartError(_failure(detail, log_path, log_begin))
        time.sleep(_POLL_SECONDS)


def _is_ready(url: str) -> bool:
    # http.client asks directly; a proxy named in the environment must not come between.
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _wait_for_end(service: subprocess.Popen[bytes], address: str) -> None:
    """Keep the service until Ctrl-C or SIGTERM, which were ignored when the command had ended."""
    raise_on_terminate()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout.write(f"\nDashboard: {address} (Ctrl-C stops the service)\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        service.wait()


def _failure(detail: str, log_path: Path, log_begin: int) -> str:
    with log_path.open("rb") as log:
        log.seek(log_begin)
        lines = log.read().decode(errors="replace").splitlines()[-_SHOWN_LOG_LINES:]
    return "\n".join([f"{detail} Its log is {log_path}; it ends:", *lines])


class _CommandSignals:
    """SIGINT and SIGTERM to this process while a command runs: they end the command, and interrupt nothing here.

    An exception in the middle of a wait for the command could take its exit status along, which the system tells once.

    Args:
        grace_seconds: how long the command may take to end by itself, before each stronger word.
    """

    def __init__(self, grace_seconds: float) -> None:
        self.is_terminated = False
        self._grace_seconds = grace_seconds
        self._interrupts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Hear of them from now on."""
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._terminate)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Nothing is left to be ended."""
        _ignore_signals()

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the command; returns its code as ``subprocess`` has it."""
        self._process = process
        if self.is_terminated:
            self._end_after(0.0)
        elif self._interrupts:
            self._end_after(self._grace_seconds)
        return process.wait()

    def _interrupt(self, _number: int, _frame: object) -> None:
        # The terminal's Ctrl-C has reached the command too; insist only if it goes on, or when it comes again.
        self._interrupts += 1
        self._end_after(self._grace_seconds if self._interrupts == 1 else 0.0)

    def _terminate(self, _number: int, _frame: object) -> None:
        self.is_terminated = True
        self._end_after(0.0)

    def _end_after(self, seconds: float) -> None:
        process = self._process
        if process is not None:
            _later(seconds, process.terminate)
            _later(seconds + self._grace_seconds, process.kill)


def _later(seconds: float, action: Callable[[], None]) -> None:
    """Do something beside the main thread, which waits; a process that has ended by then is left alone."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _run_child(command: Sequence[str], variables: Mapping[str, str], shutdown_seconds: float, mask: int) -> int:
    with _CommandSignals(shutdown_seconds) as signals:
        try:
            process = subprocess.Popen(command, env=variables, umask=mask)  # noqa: S603  # the user's own command line
        except FileNotFoundError:
            sys.stderr.write(f"ayla-service: {command[0]}: command not found\n")
            return _NOT_FOUND
        except OSError as error:
            sys.stderr.write(f"ayla-service: {command[0]}: {error.strerror}\n")
            return _NOT_EXECUTABLE
        code = signals.wait(process)
    if signals.is_terminated:
        return _SIGNALLED + signal.SIGTERM
    return code if code >= 0 else _SIGNALLED - code


def _stop(process: subprocess.Popen[bytes], shutdown_seconds: float) -> None:
    """End a process, by force if need be; signals that come meanwhile are ignored, as everything is ending."""
    if process.poll() is not None:
        return
    _ignore_signals()
    process.terminate()
    try:
        process.wait(shutdown_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def raise_on_terminate() -> None:
    """Let SIGTERM end this process as Ctrl-C does: through the clean-up of everything it has started."""

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(_SIGNALLED + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
