"""Waiting for an answer that may never come: a frozen store neither answers nor fails."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class NoAnswer(Exception):
    """There was no answer in time."""


class Impatient(Generic[Answer]):
    """Asks in a thread of its own and waits for a limited time.

    A question that is still open is not asked a second time, so that a store that hangs costs one thread and not one
    for each time somebody looks.

    Args:
        ask: the question.
        seconds: how long to wait for the answer.
    """

    def __init__(self, ask: Callable[[], Answer], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._open: _Question[Answer] | None = None

    def __call__(self) -> Answer:
        """The answer; an error of the question is raised here.

        Raises:
            NoAnswer: if there was none in time.
        """
        with self._lock:
            if self._open is None or self._open.done.is_set():
                self._open = _Question(self._ask)
            question = self._open
        return question.answer(self._seconds)


class _Question(Generic[Answer]):
    """One question on its way; all who ask meanwhile wait for the same answer."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self.done = threading.Event()
        self._ask = ask
        self._answers: list[Answer] = []
        self._error: Exception | None = None
        # A daemon: a thread that hangs in the store must not keep the process from ending.
        threading.Thread(target=self._run, name="impatient", daemon=True).start()

    def answer(self, seconds: float) -> Answer:
        if not self.done.wait(seconds):
            raise NoAnswer
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._ask())
        except Exception as error:
            self._error = error
        finally:
            self.done.set()
