"""Returns expired leases for as long as the API is served, so that lost work is found while no worker is free.

Where there is a broker it reminds workers of what waits too, as wake-ups can be lost.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.background import Background
from ayla_service.db.session import Database
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import policy_of
from ayla_service.queue.sweep import sweep
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings
from ayla_service.webhooks.delivering import Delivering

THREAD_NAME = "reaper"

log = structlog.get_logger("ayla_service.lifespan")


class Reaping(Background):
    """A thread that runs the reaper every ``reap_seconds``. A store that does not answer is no reason to end."""

    def __init__(self, database: Database, settings: Settings, wake_up: WakeUp) -> None:
        super().__init__(THREAD_NAME, settings.shutdown_seconds)
        self._database = database
        self._settings = settings
        self._wake_up = wake_up

    def run(self) -> None:
        """Reap until it is to end."""
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


@asynccontextmanager
async def while_served(app: FastAPI) -> AsyncIterator[None]:
    """Lifespan of the application: while it is served it reaps, sends webhooks and feeds streams."""
    database, settings = app.state.database, app.state.settings
    with Reaping(database, settings, app.state.wake_up), Delivering(database, settings), app.state.events:
        yield
