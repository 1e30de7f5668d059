"""Background threads: a task of a process that runs beside its work, for as long as a ``with`` block."""

import abc
import threading
from types import TracebackType
from typing import Self


class BackgroundThread(abc.ABC):
    """A daemon thread that runs until the block is left.

    Args:
        name: of the thread.
        join_seconds: how long its end is waited for; one that hangs in the store is left behind.

    Attributes:
        stopping: set when the thread is to end.
    """

    def __init__(self, name: str, join_seconds: float) -> None:
        self.stopping = threading.Event()
        self._join_seconds = join_seconds
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self.stopping.set()
        self._thread.join(self._join_seconds)

    @abc.abstractmethod
    def run(self) -> None:
        """Work of the thread; has to return soon after ``stopping`` is set."""
