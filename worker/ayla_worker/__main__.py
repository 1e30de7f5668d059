"""``python -m ayla_worker``: one worker process, until its stop signal."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator

import structlog
import torch
from ayla_core.devices import select_device
from ayla_core.engine import Engine
from ayla_core.native.build import cache_folder
from ayla_core.native.cache import NoKernels
from ayla_core.native.library import kernels
from ayla_service.db.session import Database
from ayla_service.logging import configure_logging, report_failed_start
from ayla_service.observability.disk_gauges import DiskCollector
from ayla_service.observability.metrics import REGISTRY
from ayla_service.privacy import private_files
from ayla_service.queue.wakeup import missing_modules
from ayla_service.settings import Settings
from ayla_spec import JobSpec, resolve
from ayla_spec.trials import plan_trials
from prometheus_client import CollectorRegistry, start_http_server
from pydantic import ValidationError

from ayla_worker.identity import describe_facts, describe_worker
from ayla_worker.loop import work_until
from ayla_worker.registration import WorkerRegistration
from ayla_worker.runner import Runner
from ayla_worker.stop_signal import StopSignal
from ayla_worker.wake_ups import WakeUps

_log = structlog.get_logger("ayla.worker")


def main() -> int:
    """Run a worker; returns the exit status."""
    arguments = _arguments()
    try:
        settings = Settings()
    except ValidationError as error:
        report_failed_start("ayla_worker", f"Invalid setting: {error}")
        return 2
    if missing_modules(settings.broker_url):
        report_failed_start("ayla_worker", "AYLA_BROKER_URL needs: pip install '.[queue]'")
        return 2
    configure_logging(settings)
    stop = StopSignal()
    stop.on_signals()
    if arguments.exit_with_parent:
        stop.on_end_of(sys.stdin.buffer)
    identity = describe_worker(settings)
    warm_up()
    # One connection, as most of the time one thread at most speaks with the store: a thousand workers keep a thousand.
    database = Database(settings.store_url, kept_connections=1)
    runner = Runner(database, settings, identity, stop.is_set)
    runner.watchdog.start()
    wake_ups = WakeUps(settings, identity)
    stop.on_stop(wake_ups.wake_event.wake)
    try:
        with wake_ups, serving_metrics(settings), WorkerRegistration(database, settings, describe_facts(identity)):
            work_until(stop, runner, settings, wake_ups)
    finally:
        database.dispose()
    if settings.broker_url is not None:
        _leave()
    return 0


def warm_up() -> torch.device:
    """Run a few steps of both kinds of problem, so that the first job is as fast as the second; returns the device.

    Compiles the kernels, if this machine has none yet: a few seconds, once.
    """
    device = select_device("auto")
    for preset in ("poly-adam", "curve-a"):
        submitted = {"problem": {"type": "preset", "preset": preset}, "budget": {"steps": 2}}
        spec = resolve(JobSpec.model_validate(submitted))
        Engine(spec, plan_trials(spec), device).advance(2)
    if device.type == "cpu":
        kernels("networks", torch.float32)  # what images are computed in
    return device


@contextlib.contextmanager
def serving_metrics(settings: Settings) -> Iterator[None]:
    """Serve ``/metrics`` on AYLA_METRICS_HOST and AYLA_METRICS_PORT; nothing without a port.

    An address that is taken, as with two workers on one port, is logged and is no reason not to work.
    """
    if settings.metrics_port is None:
        yield
        return
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, all_metrics(settings))
    except OSError as error:
        _log.error("metrics cannot be served", port=settings.metrics_port, error=error.strerror or str(error))
        yield
        return
    _log.info("metrics served", host=settings.metrics_host, port=server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def all_metrics(settings: Settings) -> CollectorRegistry:
    """What a worker counts, and the disks that it writes to."""
    folders = {"datasets": settings.datasets_folder}
    with contextlib.suppress(NoKernels):
        folders["kernels"] = cache_folder()
    registry = CollectorRegistry()
    registry.register(REGISTRY)
    registry.register(DiskCollector(folders))
    return registry


def _leave() -> None:
    """End at once: the interpreter's own end would wait for threads of Celery that wait for a broker."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ayla_worker", description="Run one worker on the store of AYLA_DATABASE_URL."
    )
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input ends, as it does when the process that holds it dies",
    )
    return parser.parse_args()


if __name__ == "__main__":
    with private_files():
        sys.exit(main())
