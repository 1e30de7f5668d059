"""The process that computes: one worker, registered from its first moment to its last."""

from collections.abc import Callable

import structlog
from ayla_service.db.session import Database
from ayla_service.queue.eligibility import DEVICES
from ayla_service.queue.wakeup import WakeUp
from ayla_service.settings import Settings

from ayla_worker.loop import work_until
from ayla_worker.names import facts_while_preparing, unique_name
from ayla_worker.registration import WorkerRegistration
from ayla_worker.requests import Requests
from ayla_worker.stop_signal import StopSignal
from ayla_worker.timers import Timer

_log = structlog.get_logger("ayla.worker")


def run_worker(
    settings: Settings,
    stop: StopSignal,
    requests: Requests,
    make_timer: Callable[[Database], Timer],
    wanted: Callable[[], tuple[str, ...]] = lambda: DEVICES,
    name: str | None = None,
    wake_up: WakeUp | None = None,
) -> None:
    """Register, prepare, and work until ``stop`` is set.

    Args:
        settings: of the process.
        stop: ends it.
        requests: what it is asked for.
        make_timer: when it looks by itself.
        wanted: device kinds that it is to serve, asked once it is prepared.
        name: of the worker. Default: a new one.
        wake_up: told about jobs that the worker itself has queued. Default: nobody.
    """
    database = Database(settings.store_url, kept_connections=1)
    name = name or unique_name()
    try:
        with WorkerRegistration(database, settings, facts_while_preparing(name)) as registration:
            _log.info("preparing", worker=name)
            # These take seconds to import, and the kernels a minute to compile; the store knows of this worker by now.
            from ayla_worker.metrics_server import serving_metrics
            from ayla_worker.preparation import prepared_runner

            runner = prepared_runner(settings, database, registration, stop, requests, wanted(), wake_up)
            runner.watchdog.start()
            with serving_metrics(settings):
                work_until(stop, runner, requests, make_timer(database))
    finally:
        requests.close()
        database.dispose()
