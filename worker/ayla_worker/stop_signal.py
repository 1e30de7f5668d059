"""Stop signal of the process: SIGTERM, Ctrl-C, or the end of the process that started this one."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import BinaryIO


class StopSignal:
    """Set once, never cleared. Work in progress is handed back at its next heartbeat."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callback: Callable[[], None] = lambda: None
        self._called: Callable[[], None] = lambda: None

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called when the signal is set, perhaps from a signal handler; at once if it is set."""
        self._callback = callback
        if self.is_set():
            callback()

    def on_call(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called when the parent sends anything through the stream of ``on_end_of``."""
        self._called = callback

    def set(self) -> None:
        """Set the signal."""
        self._event.set()
        self._callback()

    def on_signals(self) -> None:
        """Stop on SIGTERM and Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def on_end_of(self, stream: BinaryIO) -> None:
        """Stop when ``stream`` ends: a pipe held by the parent ends even if the parent is killed with -9."""
        threading.Thread(target=self._watch, args=(stream,), name="parent-watch", daemon=True).start()

    def _watch(self, stream: BinaryIO) -> None:
        # Not stream.read(): a thread inside a buffered read aborts the interpreter when the process ends.
        while os.read(stream.fileno(), 4096):
            self._called()
        self.set()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.set()
