"""Every router, one module per resource."""

from fastapi import APIRouter, Depends

from ayla_service.api.deps import refuse_unknown_query
from ayla_service.api.problems import responses
from ayla_service.api.routes import attempts, catalogue, health, jobs, trials, workers

v1 = APIRouter(prefix="/v1", dependencies=[Depends(refuse_unknown_query)], responses=responses(421, 422, 500, 503))
for module in (jobs, attempts, trials, workers, catalogue):
    v1.include_router(module.router)

ROUTERS = (v1, health.router)
