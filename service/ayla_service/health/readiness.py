"""Readiness of the service, check by check: faults that stop it, and others that only degrade it."""

import shutil
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from ayla_service.db.migrate import is_current
from ayla_service.db.session import Database
from ayla_service.errors import NotReady, StoreDamaged
from ayla_service.health.schemas import Readiness
from ayla_service.observability.broker_check import broker_fault
from ayla_service.observability.timeouts import CallTimedOut, CallWithTimeout
from ayla_service.queue.schemas import WorkerState
from ayla_service.queue.workers import ALIVE, list_workers
from ayla_service.settings import Settings

OK = "ok"

_STORE_SECONDS = 3.0
_MEGABYTE = 1_000_000
_LEAST_FREE_BYTES = 100 * _MEGABYTE
_FATAL = ("store", "schema", "disk")
"""Checks without which no job can be taken; the others are only told."""


class ReadinessCheck:
    """Checks everything that the service depends on.

    Args:
        database: the store.
        settings: of this process.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._store_checks = CallWithTimeout(self._check_store, _STORE_SECONDS)

    def __call__(self) -> Readiness:
        """Readiness at this moment.

        Raises:
            NotReady: if the service cannot take jobs; names every check that says so, and what to do.
        """
        checks = {**self._of_store(), **self._of_disk(), **self._of_broker()}
        fatal = [f"{name}: {said}" for name, said in checks.items() if name in _FATAL and said != OK]
        if fatal:
            raise NotReady(" ".join(fatal))
        return Readiness(status="ready" if set(checks.values()) == {OK} else "degraded", checks=checks)

    def _of_store(self) -> Mapping[str, str]:
        try:
            found = self._store_checks()
        except (SQLAlchemyError, CallTimedOut):
            found = {"store": f"The store does not answer; see that {self._store_name()} runs and can be reached."}
        # The questions above read next to nothing, and may find nothing wrong.
        return {**found, "store": StoreDamaged.advice} if self._database.is_damaged else found

    def _store_name(self) -> str:
        return "its file" if self._database.is_sqlite else "PostgreSQL"

    def _check_store(self) -> Mapping[str, str]:
        self._database.ping()
        if not is_current(self._database):
            said = "The store's schema is not the one this version needs; run 'ayla-service migrate'."
            return {"store": OK, "schema": said}
        return {"store": OK, "schema": OK, "workers": self._workers()}

    def _workers(self) -> str:
        with self._database.read() as session:
            workers = list_workers(session, self._settings.presence_seconds)
        if any(worker.state in ALIVE for worker in workers):
            return OK
        if any(worker.state is WorkerState.PREPARING for worker in workers):
            return "being prepared: libraries are loaded and kernels compiled; jobs wait for about a minute at most"
        return "none is alive; jobs wait until one is started with 'ayla-service worker'"

    def _of_disk(self) -> Mapping[str, str]:
        """The disk of the embedded store; that of PostgreSQL is on another machine, as far as this one knows."""
        folder = self._database.folder
        if folder is None:
            return {}
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return {"disk": f"The folder of the store cannot be read: {error.strerror}."}
        if free >= _LEAST_FREE_BYTES:
            return {"disk": OK}
        return {
            "disk": f"Only {free / _MEGABYTE:.0f} MB are free where the store is, "
            f"less than {_LEAST_FREE_BYTES / _MEGABYTE:.0f} MB; make room there."
        }

    def _of_broker(self) -> Mapping[str, str]:
        url = self._settings.broker_url
        return {} if url is None else {"broker": broker_fault(url) or OK}
