"""Thread that returns expired leases: in every API, and in every main process of a worker.

Where there is a broker it also wakes workers up for what waits, as wake-ups can be lost.
"""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.background import BackgroundThread
from ayla_service.db.session import Database
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import policy_of
from ayla_service.queue.sweep import sweep
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings

THREAD_NAME = "reaper"

log = structlog.get_logger("ayla_service.queue.reaper")


class ReaperThread(BackgroundThread):
    """Runs the reaper every ``reap_seconds``. A store that does not answer is no reason to end."""

    def __init__(self, database: Database, settings: Settings, wake_up: WakeUp) -> None:
        super().__init__(THREAD_NAME, settings.shutdown_seconds)
        self._database = database
        self._settings = settings
        self._wake_up = wake_up

    def run(self) -> None:
        """Run the reaper until the thread is to end."""
        while not self.stopping.wait(self._settings.reap_seconds):
            try:
                returned = self._pass()
            except SQLAlchemyError as error:
                log.warning("the reaper found no store that answers", error=type(error).__name__)
            except Exception:
                # Whatever it is, without this thread nobody would find what silent workers leave behind.
                log.exception("unexpected error")
            else:
                if returned:
                    log.warning("leases expired", shards=returned)

    def _pass(self) -> int:
        returned = reap(self._database, policy_of(self._settings))
        if self._settings.broker_url is not None:
            sweep(self._database, self._wake_up)
        return returned
