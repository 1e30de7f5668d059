"""The worker's loop: take work while there is some, else wait; now and then look for lost shards and lost wake-ups."""

import time

import structlog
from ayla_service.addresses import redacted_url
from ayla_service.db import migrate
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import policy_of
from ayla_service.queue.sweep import sweep
from ayla_service.settings import Settings
from sqlalchemy.exc import DBAPIError

from ayla_worker.runner import Runner
from ayla_worker.stop_signal import StopSignal
from ayla_worker.wake_ups import WakeUps

_log = structlog.get_logger("ayla.worker")
_STORE_PAUSE_SECONDS = 1.0


def work_until(stop: StopSignal, runner: Runner, settings: Settings, wake_ups: WakeUps) -> None:
    """Work until ``stop`` is set. A store that does not answer is waited for, not a reason to die."""
    _log.info("worker started", worker=runner.name, store=redacted_url(runner.database.url))
    reaped_at = float("-inf")
    while not stop.is_set():
        runner.watchdog.feed()
        try:
            if not _schema_ready(runner):
                wake_ups.wake_event.sleep(_STORE_PAUSE_SECONDS)
                continue
            if time.monotonic() - reaped_at >= settings.reap_seconds:
                reaped_at = time.monotonic()
                _reap(runner, settings, wake_ups)
            wake_ups.wake_event.begin_check()
            if not runner.run_next():
                wake_ups.wake_event.wait(wake_ups.poll_seconds())
        except DBAPIError as error:
            _log.warning("the store does not answer", error=str(error.orig))
            wake_ups.wake_event.sleep(_STORE_PAUSE_SECONDS)
        except Exception:
            # Whatever it is, the next shard may be fine; a worker that dies of it would be started again anyway.
            _log.exception("unexpected error")
            wake_ups.wake_event.sleep(_STORE_PAUSE_SECONDS)
    _log.info("worker stopped", worker=runner.name)


def _reap(runner: Runner, settings: Settings, wake_ups: WakeUps) -> None:
    returned = reap(runner.database, policy_of(settings))
    if returned:
        _log.warning("leases expired", shards=returned)
    if settings.broker_url is not None:
        sweep(runner.database, wake_ups.wake_up)


def _schema_ready(runner: Runner) -> bool:
    """Look once until the answer is yes: a schema does not go away under a running worker."""
    if not runner.schema_ready:
        runner.schema_ready = migrate.is_current(runner.database)
        if not runner.schema_ready:
            _log.warning("waiting for the store's schema; run 'ayla-service migrate'")
    return runner.schema_ready
