"""Something that a process does beside its work, in a thread of its own, for as long as a ``with`` block runs."""

import abc
import threading
from types import TracebackType
from typing import Self


class Background(abc.ABC):
    """A daemon thread that runs until the block is left.

    Args:
        name: of the thread.
        patience_seconds: how long its end is waited for; one that hangs in the store is left behind.

    Attributes:
        stopping: set when it is to end.
    """

    def __init__(self, name: str, patience_seconds: float) -> None:
        self.stopping = threading.Event()
        self._patience_seconds = patience_seconds
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
        self._thread.join(self._patience_seconds)

    @abc.abstractmethod
    def run(self) -> None:
        """What the thread does; has to return soon after ``stopping`` is set."""
