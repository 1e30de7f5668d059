"""Calls with a timeout: a store that hangs neither answers nor fails."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class CallTimedOut(Exception):
    """A call has not returned in time."""


class CallWithTimeout(Generic[Result]):
    """Calls a function in a thread of its own and waits for a limited time.

    While a call is running no second one is begun, so that a store that hangs costs one thread and not one for each
    caller.

    Args:
        function: what is called.
        seconds: how long to wait for its result.
    """

    def __init__(self, function: Callable[[], Result], seconds: float) -> None:
        self._function = function
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running: _Call[Result] | None = None

    def __call__(self) -> Result:
        """The result; an error of the function is raised here.

        Raises:
            CallTimedOut: if there was none in time.
        """
        with self._lock:
            if self._running is None or self._running.done.is_set():
                self._running = _Call(self._function)
            call = self._running
        return call.result(self._seconds)


class _Call(Generic[Result]):
    """One call; all who ask while it is running wait for the same result."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self.done = threading.Event()
        self._function = function
        self._results: list[Result] = []
        self._error: Exception | None = None
        # A daemon: a thread that hangs in the store must not keep the process from ending.
        threading.Thread(target=self._run, name="call-with-timeout", daemon=True).start()

    def result(self, seconds: float) -> Result:
        if not self.done.wait(seconds):
            raise CallTimedOut
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._function())
        except Exception as error:
            self._error = error
        finally:
            self.done.set()
