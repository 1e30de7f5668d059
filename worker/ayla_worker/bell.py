"""How the worker's one thread that computes is woken, and how others wait for it to have looked."""

import queue
import threading
from collections.abc import Callable


class Bell:
    """Between whoever knows of work and the loop that does it.

    ``ring`` is for other threads; ``look`` and ``rest`` are the loop's own. All work is done in that one thread: torch
    keeps a team of threads for each thread that computes.
    """

    def __init__(self) -> None:
        # A queue and not an event: a signal handler may put into it while this very thread waits on it.
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._rung = self._heard = self._answered = 0
        self._closed = False
        self._on_rest: Callable[[], None] = lambda: None
        self._is_at_work = True

    @property
    def is_at_work(self) -> bool:
        """Whether the loop is busy or has no store to look into; then there is no use in ringing."""
        return self._is_at_work

    def when_at_rest(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called, from the loop's thread, each time it has nothing more to do."""
        self._on_rest = tell

    def wake(self) -> None:
        """End the loop's rest and return at once; allowed in a signal handler."""
        self._wakes.put(None)

    def ring(self) -> None:
        """Have the loop look into the store; returns when it has done all that it found there."""
        with self._changed:
            self._rung += 1
            number = self._rung
            self.wake()
            self._changed.wait_for(lambda: self._closed or self._answered >= number)

    def look(self) -> None:
        """Say that the loop looks into the store now: that answers every ring before."""
        with self._changed:
            self._is_at_work = True
            self._heard = self._rung

    def rest(self, seconds: float) -> None:
        """Say that the look found nothing, and wait for the next ring; at most ``seconds``."""
        with self._changed:
            self._is_at_work = False
            self._answered = self._heard
            self._changed.notify_all()
        self._on_rest()
        self.pause(seconds)

    def pause(self, seconds: float) -> None:
        """Wait without having looked; a ring ends it too."""
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
