"""Requests for work between the thread that is asked, as by a message, and the thread that computes."""

import queue
import threading
import time
from collections.abc import Callable, Sequence

from ayla_service.queue.claimed import Claim

from ayla_worker.report import WorkReport

_NOTE_SECONDS = 5.0


class WorkRequest:
    """One request to claim and run what is best, with its answer.

    ``claimed`` and ``finish`` are for the thread that computes, all else for the one that asked.
    """

    def __init__(self) -> None:
        self._notes: queue.SimpleQueue[Sequence[Claim] | WorkReport] = queue.SimpleQueue()
        self._handing_back = threading.Event()

    def claimed(self, claims: Sequence[Claim]) -> None:
        """Tell what was claimed."""
        self._notes.put(claims)

    def finish(self, report: WorkReport) -> None:
        """Give the answer."""
        self._notes.put(report)

    def hand_back(self) -> None:
        """Have what runs handed back at the end of its block."""
        self._handing_back.set()

    def is_handed_back(self) -> bool:
        """Whether to hand back what runs."""
        return self._handing_back.is_set()

    def answer(
        self,
        on_claim: Callable[[Sequence[Claim]], None] = lambda _: None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> WorkReport:
        """Wait for the answer.

        Args:
            on_claim: called with each claim when it is made.
            on_progress: called every 5 s.
        """
        while True:
            try:
                note = self._notes.get(timeout=_NOTE_SECONDS)
            except queue.Empty:
                on_progress()
                continue
            if isinstance(note, WorkReport):
                return note
            on_claim(note)


class Requests:
    """Requests that wait, in the order in which they came; the thread that computes takes one at a time.

    All work is done in that one thread: PyTorch keeps a team of threads for each thread that computes, and an
    exception that a signal raises in the main thread never meets a computation or a transaction.
    """

    def __init__(self) -> None:
        # Not a queue with locks of Python: a signal handler may put into it while this very thread waits on it.
        self._waiting: queue.SimpleQueue[WorkRequest | None] = queue.SimpleQueue()
        self._current: WorkRequest | None = None
        self._closed = False

    def put(self) -> WorkRequest:
        """Ask for work; after the end the answer is that there was none."""
        request = WorkRequest()
        self._waiting.put(request)
        if self._closed:
            self.close()
        return request

    def wake(self) -> None:
        """End a wait and return at once; allowed in a signal handler."""
        self._waiting.put(None)

    def next(self, seconds: float) -> WorkRequest | None:
        """Wait for a request, at most so many seconds; None if none came, or ``wake`` was called."""
        try:
            self._current = self._waiting.get(timeout=seconds) if seconds > 0 else self._waiting.get_nowait()
        except queue.Empty:
            self._current = None
        return self._current

    def is_handed_back(self) -> bool:
        """Whether the request that is worked on is to be handed back."""
        return self._current is not None and self._current.is_handed_back()

    def close(self) -> None:
        """Nothing is worked on any more: nobody is kept waiting."""
        self._closed = True
        while True:
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                return
            if request is not None:
                request.finish(WorkReport())


def pause(should_stop: Callable[[], bool], seconds: float) -> None:
    """Wait, but not longer than until it is to stop."""
    until = time.monotonic() + seconds
    while not should_stop() and time.monotonic() < until:
        time.sleep(min(0.1, seconds))
