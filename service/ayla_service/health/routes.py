"""Health checks, and the metrics of queue, workers and this process for Prometheus."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ayla_service.db.session import Database
from ayla_service.health.readiness import ReadinessCheck
from ayla_service.health.schemas import Health, Readiness
from ayla_service.http.about import NO_KEY
from ayla_service.http.problems import responses
from ayla_service.observability.disk_gauges import DiskCollector
from ayla_service.observability.metrics import register_counted
from ayla_service.observability.store_gauges import StoreCollector
from ayla_service.observability.timeouts import CallWithTimeout
from ayla_service.queue.gauges import store_gauges
from ayla_service.settings import Settings

router = APIRouter(tags=["health"], responses=responses(400, 421))
# Not part of the API's contract: it is for monitoring, has no version, and its format is not JSON.
_monitoring = APIRouter(include_in_schema=False)

# Well within the 10 s that Prometheus waits by default: what the process itself knows must arrive.
_STORE_SECONDS = 3.0


async def _check(request: Request) -> ReadinessCheck:
    check: ReadinessCheck = request.app.state.readiness
    return check


@router.get("/healthz", operation_id="health", summary="Whether the process answers", openapi_extra=NO_KEY)
def healthz() -> Health:
    """Answers as long as the process lives; says nothing about the store."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="readiness",
    summary="Whether the service can work",
    responses=responses(503),
    openapi_extra=NO_KEY,
)
def readyz(check: Annotated[ReadinessCheck, Depends(_check)]) -> Readiness:
    """Checks what the service depends on.

    Without its store, the store's schema or room on the disk of an embedded store it is not ready, and the problem
    says what to do. Without a broker or a living worker it takes jobs all the same, and is degraded.
    """
    return check()


@_monitoring.get("/metrics")
def get_metrics(request: Request) -> Response:
    """Everything in the text format of Prometheus; without a store that answers, all but the store's gauges."""
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def install_metrics(app: FastAPI, database: Database, settings: Settings) -> None:
    """Serve /metrics over a store."""
    read = partial(store_gauges, database, settings.presence_seconds)
    registry = CollectorRegistry()
    register_counted(registry)
    registry.register(StoreCollector(CallWithTimeout(read, _STORE_SECONDS)))
    folders = {"uploads": Path(tempfile.gettempdir())}
    registry.register(DiskCollector(folders if database.folder is None else {**folders, "store": database.folder}))
    app.state.metrics = registry
    app.include_router(_monitoring)
