"""Tells the store that this worker lives, at a steady pace, whether it has work or not."""

import threading
from types import TracebackType
from typing import Self

import structlog
from ayla_service.db.session import Database
from ayla_service.queue import workers
from ayla_service.queue.workers import WorkerFacts
from ayla_service.settings import Settings
from sqlalchemy.exc import SQLAlchemyError

THREAD_NAME = "presence"

_log = structlog.get_logger("ayla.worker")


class Presence:
    """A thread that registers the worker, beats every ``presence_seconds`` and signs off at the end.

    It says that the process lives, not that it gets on: leases follow the progress of the work alone. A store that
    does not answer, or does not have its schema yet, is waited for.

    Args:
        database: the store.
        settings: the pace, and how long the end may take.
        facts: what the worker says of itself.
    """

    def __init__(self, database: Database, settings: Settings, facts: WorkerFacts) -> None:
        self._database = database
        self._settings = settings
        self._facts = facts
        self._registered = False
        self._answered = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Sign off; in a store that hangs it is not waited for: the worker will count as lost."""
        self._stopping.set()
        self._thread.join(self._settings.shutdown_seconds)

    def _run(self) -> None:
        self._say(lives=True)
        while not self._stopping.wait(self._settings.presence_seconds):
            self._say(lives=True)
        self._say(lives=False)

    def _say(self, *, lives: bool) -> None:
        try:
            if lives:
                self._live()
            elif self._registered:
                workers.sign_off(self._database, self._facts.name)
        except SQLAlchemyError as error:
            self._tell_once(error)
        else:
            self._answered = True

    def _live(self) -> None:
        """Beat; or register, the first time and where the store has forgotten this worker."""
        self._registered = self._registered and workers.beat(self._database, self._facts.name)
        if not self._registered:
            workers.register(self._database, self._facts)
            self._registered = True
            _log.info("worker registered", worker=self._facts.name, device=self._facts.device)

    def _tell_once(self, error: SQLAlchemyError) -> None:
        """One line for each time that the store is away, not one for each beat."""
        if self._answered:
            _log.warning("the store does not know that this worker lives", error=type(error).__name__)
        self._answered = False
