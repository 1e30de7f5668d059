"""Whether the process lives, and whether it can do its work."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from ayla_service.api.problems import responses
from ayla_service.api.readiness import ReadinessCheck
from ayla_service.api.schemas import Health, Readiness

router = APIRouter(tags=["health"], responses=responses(400, 421))


async def _check(request: Request) -> ReadinessCheck:
    check: ReadinessCheck = request.app.state.readiness
    return check


@router.get("/healthz", operation_id="health", summary="Whether the process answers")
def healthz() -> Health:
    """Answers as long as the process lives; says nothing about the store."""
    return Health(status="ok")


@router.get("/readyz", operation_id="readiness", summary="Whether the service can work", responses=responses(503))
def readyz(check: Annotated[ReadinessCheck, Depends(_check)]) -> Readiness:
    """Checks what the service depends on.

    Without its store, the store's schema or room on the disk of an embedded store it is not ready, and the problem
    says what to do. Without a broker or a living worker it takes jobs all the same, and is degraded.
    """
    return check()
