"""Puts the HTTP application together. Nothing is built when this module is imported."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from ayla_service import __version__
from ayla_service.api.contract import install_contract
from ayla_service.api.docs import install_docs
from ayla_service.api.exposition import install_metrics
from ayla_service.api.handlers import install_handlers
from ayla_service.api.measuring import MetricsMiddleware
from ayla_service.api.middleware import (
    AccessLogMiddleware,
    BodyLimitMiddleware,
    HeadMiddleware,
    RequestIdMiddleware,
)
from ayla_service.api.origin import OriginMiddleware
from ayla_service.api.readiness import ReadinessCheck
from ayla_service.api.routes import ROUTERS
from ayla_service.db.session import Database
from ayla_service.jobs.service import JobService
from ayla_service.queue.wakeup import TimerWakeUp, WakeUp
from ayla_service.reaping import while_served
from ayla_service.results.reader import ResultReader
from ayla_service.settings import Settings


def create_app(settings: Settings, database: Database, wake_up: WakeUp | None = None) -> FastAPI:
    """The HTTP application over a store.

    Args:
        settings: of this process.
        database: the store, migrated; whoever opened it closes it.
        wake_up: told about new work; whoever made it closes it. Default: nobody, as workers look by a timer.
    """
    app = FastAPI(
        title="AYLA service",
        version=__version__,
        summary="Optimization as a service: run and compare optimizers, AYLA among them.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=while_served,
        middleware=[
            Middleware(RequestIdMiddleware),
            Middleware(MetricsMiddleware),
            Middleware(AccessLogMiddleware),
            Middleware(OriginMiddleware, host_names=settings.host_names),
            Middleware(HeadMiddleware),
            Middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes),
        ],
    )
    app.state.settings = settings
    app.state.database = database
    app.state.wake_up = wake_up or TimerWakeUp()
    app.state.jobs = JobService(database, app.state.wake_up)
    app.state.results = ResultReader(database)
    app.state.readiness = ReadinessCheck(database, settings)
    install_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    install_metrics(app, database, settings)
    install_docs(app)
    install_contract(app)
    return app
