"""Returns expired leases for as long as the API is served, so that lost work is found while no worker is free.

Where there is a broker it reminds workers of what waits too, as wake-ups can be lost.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.db.session import Database
from ayla_service.queue.backlog import sweep
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import policy_of
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings

THREAD_NAME = "reaper"

log = structlog.get_logger("ayla_service.reaping")


class Reaping:
    """A thread that runs the reaper every ``reap_seconds``. A store that does not answer is no reason to end."""

    def __init__(self, database: Database, settings: Settings, wake_up: WakeUp) -> None:
        self._database = database
        self._settings = settings
        self._wake_up = wake_up
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Stop the thread; one that hangs in the store is left behind, it ends with the process."""
        self._stopping.set()
        self._thread.join(self._settings.shutdown_seconds)

    def _run(self) -> None:
        while not self._stopping.wait(self._settings.reap_seconds):
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
    """Lifespan of the application: it reaps from when it is served until it is stopped."""
    with Reaping(app.state.database, app.state.settings, app.state.wake_up):
        yield
