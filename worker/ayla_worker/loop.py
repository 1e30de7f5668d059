"""The worker's loop: take work while there is some, else wait for the timer; now and then look for lost shards."""

import time

import structlog
from ayla_service.db import migrate
from ayla_service.queue.reaper import reap
from ayla_service.settings import Settings
from sqlalchemy.exc import OperationalError

from ayla_worker.runner import Runner
from ayla_worker.stopping import StopSignal

_log = structlog.get_logger("ayla.worker")
_STORE_PAUSE_SECONDS = 1.0


def work_until(stop: StopSignal, runner: Runner, settings: Settings) -> None:
    """Work until ``stop`` is set. A store that does not answer is waited for, not a reason to die."""
    _log.info("worker started", worker=runner.name, store=_without_password(runner))
    reaped_at = float("-inf")
    while not stop.is_set():
        runner.watchdog.feed()
        try:
            if not _schema_ready(runner):
                stop.wait(_STORE_PAUSE_SECONDS)
                continue
            if time.monotonic() - reaped_at >= settings.reap_seconds:
                _reap(runner, settings)
                reaped_at = time.monotonic()
            if not runner.run_next():
                stop.wait(settings.worker_poll_seconds)
        except OperationalError as error:
            _log.warning("the store does not answer", error=str(error.orig))
            stop.wait(_STORE_PAUSE_SECONDS)
        except Exception:
            # Whatever it is, the next shard may be fine; a worker that dies of it would be started again anyway.
            _log.exception("unexpected error")
            stop.wait(_STORE_PAUSE_SECONDS)
    _log.info("worker stopped", worker=runner.name)


def _reap(runner: Runner, settings: Settings) -> None:
    returned = reap(runner.database, settings.max_attempts)
    if returned:
        _log.warning("leases expired", shards=returned)


def _schema_ready(runner: Runner) -> bool:
    """Look once until the answer is yes: a schema does not go away under a running worker."""
    if not runner.schema_ready:
        runner.schema_ready = migrate.is_current(runner.database)
        if not runner.schema_ready:
            _log.warning("waiting for the store's schema; run 'ayla-service migrate'")
    return runner.schema_ready


def _without_password(runner: Runner) -> str:
    return str(runner.database.engine.url.render_as_string(hide_password=True))
