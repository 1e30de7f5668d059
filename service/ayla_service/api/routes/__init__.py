"""Every router, one module per resource."""

from fastapi import APIRouter, Depends

from ayla_service.api.access import authenticate
from ayla_service.api.deps import refuse_line_break, refuse_repeated_headers, refuse_unknown_query
from ayla_service.api.problems import responses
from ayla_service.api.query_numbers import refuse_loose_numbers
from ayla_service.api.routes import (
    attempts,
    catalogue,
    comparisons,
    datasets,
    events,
    figures,
    health,
    jobs,
    keys,
    me,
    members,
    queue,
    submissions,
    tables,
    team,
    trials,
    webhooks,
    workers,
)

V1 = "/v1"

v1 = APIRouter(
    prefix=V1,
    dependencies=[
        Depends(authenticate),
        Depends(refuse_line_break),
        Depends(refuse_repeated_headers),
        Depends(refuse_unknown_query),
        Depends(refuse_loose_numbers),
    ],
    responses=responses(400, 401, 403, 408, 415, 421, 422, 429, 500, 503),
)
_MODULES = (
    submissions,
    jobs,
    events,
    attempts,
    trials,
    tables,
    comparisons,
    figures,
    queue,
    workers,
    webhooks,
    datasets,
    me,
    team,
    members,
    keys,
)
for module in (*_MODULES, catalogue):
    v1.include_router(module.router)

ROUTERS = (v1, health.router)
