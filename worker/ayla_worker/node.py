"""The main process of a Celery worker: it listens, steers its children, and computes nothing."""

import contextlib
import importlib.metadata
import os
import signal
import socket
import sys
import threading
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog
from ayla_service.db.session import Database
from ayla_service.queue.reaper_thread import ReaperThread
from ayla_service.queue.running import running_shards
from ayla_service.queue.wakeup import make_wake_up
from ayla_service.settings import Settings
from sqlalchemy.exc import SQLAlchemyError

from ayla_worker.line import NodeEnd

_log = structlog.get_logger("ayla.worker")

_STOPPING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
_SHARE_TO_LEAVE = 0.9
"""Of the time to stop: then the process leaves, before whoever started it kills it."""


class Node:
    """What runs beside Celery in the main process: the reaper, and the line to the children.

    Args:
        settings: of the process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings.store_url, kept_connections=1)
        self._line: NodeEnd | None = None
        self._stopping = threading.Event()
        self._signalled = threading.Event()
        self._stack = ExitStack()
        self._status = 0

    @property
    def was_signalled(self) -> bool:
        """Whether a signal told it to stop; it also stops by commands, and by errors of Celery."""
        return self._signalled.is_set()

    @property
    def exit_status(self) -> int:
        """Status that its process is to end with: a signal that stops it is no error, whatever Celery makes of it."""
        return 0 if self.was_signalled else self._status

    def open_line(self) -> None:
        """Before the first child starts."""
        self._line = NodeEnd()

    def serve(self, devices: Collection[str]) -> None:
        """Have the children serve these kinds of devices."""
        if self._line is not None:
            self._line.tell(devices=tuple(sorted(devices)))

    def start(self) -> None:
        """Return expired leases and send wake-ups that were lost, until the end; in the main thread."""
        wake_up = self._stack.enter_context(contextlib.closing(make_wake_up(self._settings.broker_url)))
        self._stack.enter_context(ReaperThread(self._database, self._settings, wake_up))
        self._watch_signals()

    def set_listening(self, *, listening: bool) -> None:
        """Celery has found the queues, or lost them."""
        if self._line is None or self._line.state.listening == listening:
            return
        self._line.tell(listening=listening)
        if listening:
            _log.info("listening for wake-ups", devices=list(self._line.state.devices))
        elif not self._stopping.is_set():
            _log.warning("no connection to the broker; looking for work by the timer")

    def stop(self) -> None:
        """Have the children hand back what runs; whoever hangs then, Celery or a broker, is left behind in time."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._line is not None:
            self._line.tell(stopping=True)
        threading.Thread(target=self._leave_in_time, name="leave", daemon=True).start()

    def close(self, status: int) -> None:
        """The children have ended, and Celery ends with this status."""
        self._status = status
        self._stack.close()
        self._database.dispose()

    def running(self) -> list[dict[str, Any]] | dict[str, str]:
        """What the children compute, from the store."""
        names = [] if self._line is None else self._line.names()
        try:
            with self._database.read() as session:
                return [shard.as_dict() for shard in running_shards(session, names)]
        except SQLAlchemyError as error:
            return {"error": f"the store does not answer: {type(error).__name__}"}

    def _watch_signals(self) -> None:
        """Hear of a signal when it comes: in a soft shutdown Celery tells of it only after the time is over."""
        mine, others = socket.socketpair()
        others.setblocking(False)
        signal.set_wakeup_fd(others.fileno(), warn_on_full_buffer=False)
        self._stack.callback(signal.set_wakeup_fd, -1)
        self._stack.callback(mine.close)
        threading.Thread(target=self._read_signals, args=(mine, others), name="signals", daemon=True).start()

    def _read_signals(self, mine: socket.socket, _others: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while numbers := mine.recv(64):
                if _STOPPING & set(numbers):
                    self._signalled.set()
                    self.stop()

    def _leave_in_time(self) -> None:
        threading.Event().wait(_SHARE_TO_LEAVE * self._settings.shutdown_seconds)
        _log.warning("the end is held up; leaving without it")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if self.was_signalled else 1)


def has_cuda() -> bool:
    """Whether this machine seems to have a GPU that this process may use; found without loading PyTorch."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        if importlib.metadata.version("torch").endswith("+cpu"):
            return False
    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return False
    return any(True for pattern in ("nvidia[0-9]*", "dxg") for _ in Path("/dev").glob(pattern))
