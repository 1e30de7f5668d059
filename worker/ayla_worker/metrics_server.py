"""Metrics of a worker over HTTP."""

import contextlib
from collections.abc import Iterator

import structlog
from ayla_core.native.build import cache_folder
from ayla_core.native.cache import NoKernels
from ayla_service.observability.disk_gauges import DiskCollector
from ayla_service.observability.metrics import REGISTRY
from ayla_service.settings import Settings
from prometheus_client import CollectorRegistry, start_http_server

_log = structlog.get_logger("ayla.worker")


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
