"""Event that wakes the worker's loop, on which others can wait until the loop has checked the store."""

import queue
import threading
from collections.abc import Callable


class WakeEvent:
    """Between the threads that hear of work and the loop that does it.

    ``notify`` is for other threads; ``begin_check`` and ``wait`` are the loop's own. All work is done in that one
    thread: torch keeps a team of threads for each thread that computes.
    """

    def __init__(self) -> None:
        # A queue and not an event: a signal handler may put into it while this very thread waits on it.
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._notified = self._seen = self._answered = 0
        self._closed = False
        self._idle_callback: Callable[[], None] = lambda: None
        self._is_busy = True

    @property
    def is_busy(self) -> bool:
        """Whether the loop works or has no store to check; then a notification cannot be acted upon."""
        return self._is_busy

    def on_idle(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, from the loop's thread, each time the loop has nothing more to do."""
        self._idle_callback = callback

    def wake(self) -> None:
        """End the loop's wait and return at once; allowed in a signal handler."""
        self._wakes.put(None)

    def notify(self) -> None:
        """Have the loop check the store; returns when it has done all that it found there."""
        with self._changed:
            self._notified += 1
            number = self._notified
            self.wake()
            self._changed.wait_for(lambda: self._closed or self._answered >= number)

    def begin_check(self) -> None:
        """The loop checks the store now; that answers every notification before."""
        with self._changed:
            self._is_busy = True
            self._seen = self._notified

    def wait(self, seconds: float) -> None:
        """The check found nothing; wait for the next notification, at most ``seconds``."""
        with self._changed:
            self._is_busy = False
            self._answered = self._seen
            self._changed.notify_all()
        self._idle_callback()
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        """Wait without having checked; a notification ends it too."""
        try:
            self._wakes.get(timeout=seconds)
            while True:
                self._wakes.get_nowait()
        except queue.Empty:
            return

    def close(self) -> None:
        """The loop has ended: nobody is kept waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
