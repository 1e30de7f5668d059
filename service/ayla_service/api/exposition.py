"""``GET /metrics``: what this process has counted and the state of queue and workers, for Prometheus."""

from functools import partial

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ayla_service.db.session import Database
from ayla_service.observability.metrics import REGISTRY
from ayla_service.observability.patience import Impatient
from ayla_service.observability.store_gauges import StoreCollector
from ayla_service.queue.gauges import store_gauges
from ayla_service.settings import Settings

# Well within the 10 s that Prometheus waits by default: what the process itself knows must arrive.
_STORE_SECONDS = 3.0

# Not part of the API's contract: it is for monitoring, has no version, and its format is not JSON.
router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def get_metrics(request: Request) -> Response:
    """Everything in the text format of Prometheus; without a store that answers, all but the store's gauges."""
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def install_metrics(app: FastAPI, database: Database, settings: Settings) -> None:
    """Serve /metrics over a store."""
    read = partial(store_gauges, database, settings.presence_seconds)
    registry = CollectorRegistry()
    registry.register(REGISTRY)
    registry.register(StoreCollector(Impatient(read, _STORE_SECONDS)))
    app.state.metrics = registry
    app.include_router(router)
