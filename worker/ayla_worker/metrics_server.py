"""Serves what this worker has counted, for Prometheus, where a port is set for it."""

import contextlib
from collections.abc import Iterator

import structlog
from ayla_service.observability.metrics import REGISTRY
from ayla_service.settings import Settings
from prometheus_client import start_http_server

_log = structlog.get_logger("ayla.worker")


@contextlib.contextmanager
def serving_metrics(settings: Settings) -> Iterator[None]:
    """Serve ``/metrics`` on AYLA_METRICS_HOST and AYLA_METRICS_PORT; nothing without a port.

    An address that cannot be had, as with two workers on one port, is told and is no reason not to work.
    """
    if settings.metrics_port is None:
        yield
        return
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, REGISTRY)
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
