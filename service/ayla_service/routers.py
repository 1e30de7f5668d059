"""Every router, one module per resource."""

from fastapi import APIRouter, Depends

from ayla_service.catalogue import routes as catalogue
from ayla_service.comparison import routes as comparisons
from ayla_service.dashboard import routes as dashboard
from ayla_service.datasets.routes import datasets
from ayla_service.figures.routes import curves, figures
from ayla_service.health import routes as health
from ayla_service.http.authorization import authenticate
from ayla_service.http.dependencies import refuse_line_break, refuse_repeated_headers, refuse_unknown_query
from ayla_service.http.problems import responses
from ayla_service.http.query_numbers import refuse_loose_numbers
from ayla_service.jobs.routes import jobs, recomputation, submissions
from ayla_service.overview import routes as queue
from ayla_service.previews import routes as previews
from ayla_service.streams.routes import events
from ayla_service.sweeps.routes import settings as sweep_settings
from ayla_service.sweeps.routes import sweeps
from ayla_service.teams.routes import keys, session, team, usage
from ayla_service.trials.routes import tables, trials
from ayla_service.webhooks import routes as webhooks

V1 = "/v1"

_CHECKS = [
    Depends(refuse_line_break),
    Depends(refuse_repeated_headers),
    Depends(refuse_unknown_query),
    Depends(refuse_loose_numbers),
]
_PROBLEMS = responses(400, 401, 403, 408, 415, 421, 422, 429, 500, 503)

SIGN_IN = ("POST", V1 + session.PATH)
"""Method and path of the one operation of /v1 that needs no key, as its body has one."""

v1 = APIRouter(prefix=V1, dependencies=[Depends(authenticate), *_CHECKS], responses=_PROBLEMS)
without_key = APIRouter(prefix=V1, dependencies=_CHECKS, responses=_PROBLEMS)
without_key.include_router(session.sign_in_router)
_MODULES = (
    submissions,
    jobs,
    events,
    trials,
    recomputation,
    tables,
    comparisons,
    sweeps,
    sweep_settings,
    figures,
    curves,
    previews,
    queue,
    webhooks,
    datasets,
    team,
    usage,
    keys,
    session,
)
for module in (*_MODULES, catalogue):
    v1.include_router(module.router)

ROUTERS = (v1, without_key, health.router, dashboard.router)
