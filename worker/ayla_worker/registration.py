"""Registration of this worker in the store, renewed at a fixed interval whether it has work or not."""

import structlog
from ayla_service.background import BackgroundThread
from ayla_service.db.session import Database
from ayla_service.queue import workers
from ayla_service.queue.workers import WorkerFacts
from ayla_service.settings import Settings
from sqlalchemy.exc import SQLAlchemyError

THREAD_NAME = "registration"

_log = structlog.get_logger("ayla.worker")


class WorkerRegistration(BackgroundThread):
    """A thread that registers the worker, beats every ``presence_seconds`` and signs off at the end.

    It says that the process lives, not that its work goes on: leases follow progress alone. A store that does not
    answer, or does not have its schema yet, is waited for.

    Args:
        database: the store.
        settings: the interval, and how long the end may take.
        facts: what the worker says of itself at first.
    """

    def __init__(self, database: Database, settings: Settings, facts: WorkerFacts) -> None:
        # In a store that hangs the end is not waited for: the worker will count as lost.
        super().__init__(THREAD_NAME, settings.shutdown_seconds)
        self._database = database
        self._seconds = settings.presence_seconds
        self._facts = facts
        self._registered = False
        self._answered = True

    @property
    def name(self) -> str:
        """Of the worker."""
        return self._facts.name

    def run(self) -> None:
        """Register, beat, and sign off."""
        self._beat(lives=True)
        while not self.stopping.wait(self._seconds):
            self._beat(lives=True)
        self._beat(lives=False)

    def describe(self, facts: WorkerFacts) -> None:
        """Register anew, at once, with what the worker knows of itself by now."""
        self._facts = facts
        try:
            workers.register(self._database, facts)
        except SQLAlchemyError as error:
            self._registered = False
            self._log_once(error)

    def _beat(self, *, lives: bool) -> None:
        try:
            if lives:
                self._live()
            elif self._registered:
                workers.sign_off(self._database, self._facts.name)
        except SQLAlchemyError as error:
            self._log_once(error)
        else:
            self._answered = True

    def _live(self) -> None:
        """Beat; or register, the first time and where the store has forgotten this worker."""
        self._registered = self._registered and workers.beat(self._database, self._facts.name)
        if not self._registered:
            workers.register(self._database, self._facts)
            self._registered = True
            _log.info("worker registered", worker=self._facts.name)

    def _log_once(self, error: SQLAlchemyError) -> None:
        """One line for each time that the store is away, not one for each beat."""
        if self._answered:
            _log.warning("the store does not know that this worker lives", error=type(error).__name__)
        self._answered = False
