"""Puts the HTTP application together. Nothing is built when this module is imported."""

import json

from fastapi import FastAPI
from starlette.middleware import Middleware

from ayla_service import __version__
from ayla_service.dashboard.files import DashboardFolder
from ayla_service.datasets.pinning import fill_uploads, pin_uploads
from ayla_service.datasets.routes.uploads import UploadReceiver, body_limits
from ayla_service.datasets.service import DatasetService
from ayla_service.db.session import Database
from ayla_service.figures.curves import CurveService
from ayla_service.figures.service import FigureService
from ayla_service.health.readiness import ReadinessCheck
from ayla_service.health.routes import install_metrics
from ayla_service.http.about import ABOUT
from ayla_service.http.authentication import AuthenticationMiddleware
from ayla_service.http.compression import CompressionMiddleware
from ayla_service.http.cross_origin import cross_origin
from ayla_service.http.docs import install_docs
from ayla_service.http.error_handlers import install_handlers
from ayla_service.http.middleware import (
    AccessLogMiddleware,
    BodyCodingMiddleware,
    BodyLimitMiddleware,
    BodyTimeMiddleware,
    HeadMiddleware,
    RequestIdMiddleware,
)
from ayla_service.http.openapi import install_contract
from ayla_service.http.origin import OriginMiddleware
from ayla_service.http.request_metrics import MetricsMiddleware
from ayla_service.jobs.service import JobService
from ayla_service.lifespan import lifespan
from ayla_service.overview.service import QueueOverview
from ayla_service.previews.service import PreviewService
from ayla_service.queue.fair_queue import SharePolicy
from ayla_service.queue.wakeup import TimerWakeUp, WakeUp
from ayla_service.routers import ROUTERS, SIGN_IN, V1
from ayla_service.settings import Settings
from ayla_service.streams.hub import Hub
from ayla_service.streams.routes.sse import encode_event
from ayla_service.sweeps.service import SweepService
from ayla_service.team_slots import TeamSlots
from ayla_service.teams.keys import KeyVerifier
from ayla_service.teams.routes.session import MOST_BODY_BYTES
from ayla_service.trials.service import ResultReader
from ayla_service.webhooks.service import WebhookService
from ayla_service.webhooks.target_policy import TargetPolicy


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
        **ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestIdMiddleware),
            Middleware(MetricsMiddleware),
            *cross_origin(settings.cors_origins),
            Middleware(AccessLogMiddleware),
            Middleware(OriginMiddleware, host_names=settings.host_names, origins=settings.cors_origins),
            Middleware(HeadMiddleware),
            Middleware(CompressionMiddleware),
            Middleware(AuthenticationMiddleware, prefix=V1, sign_in=SIGN_IN, settings=settings),
            Middleware(BodyCodingMiddleware),
            Middleware(BodyTimeMiddleware, seconds=settings.client_seconds, exempt=body_limits(settings).keys()),
            Middleware(
                BodyLimitMiddleware,
                max_bytes=settings.max_body_bytes,
                by_route={**body_limits(settings), SIGN_IN: MOST_BODY_BYTES},
            ),
        ],
    )
    app.state.settings = settings
    app.state.database = database
    app.state.wake_up = wake_up or TimerWakeUp()
    app.state.jobs = JobService(database, app.state.wake_up, fill_uploads, pin_uploads)
    shares = SharePolicy(settings.share_half_life_seconds)
    app.state.overview = QueueOverview(database, settings.presence_seconds, shares)
    app.state.keys = KeyVerifier(database)
    app.state.results = ResultReader(database)
    app.state.previews = PreviewService(database, app.state.results)
    app.state.figures = FigureService(database)
    app.state.curves = CurveService(database)
    app.state.team_slots = TeamSlots()
    app.state.sweeps = SweepService(database, app.state.team_slots)
    app.state.webhooks = WebhookService(database, TargetPolicy.allowing(settings.webhook_private_hosts))
    app.state.datasets = DatasetService(database)
    app.state.uploads = UploadReceiver(database, app.state.datasets, most_bytes=settings.upload_room)
    app.state.events = Hub(database, settings, encode_event)
    app.state.dashboard = DashboardFolder()
    app.state.readiness = ReadinessCheck(database, settings)
    install_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    install_metrics(app, database, settings)
    install_docs(app)
    install_contract(app)
    return app


def contract_text() -> str:
    """The OpenAPI document: sorted, indented, with a newline at its end."""
    nowhere = Database("sqlite://")  # never opened: describing routes needs no store
    app = create_app(Settings.model_construct(), nowhere)
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
