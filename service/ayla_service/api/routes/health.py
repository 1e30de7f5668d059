"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

from ayla_service.api.deps import Store
from ayla_service.api.problems import responses
from ayla_service.api.schemas import Health, Readiness
from ayla_service.db.migrate import is_current
from ayla_service.db.session import Database
from ayla_service.errors import NotReady

router = APIRouter(tags=["health"], responses=responses(421))


@router.get("/healthz", operation_id="health", summary="Whether the process answers")
def healthz() -> Health:
    """Answers as long as the process lives; says nothing about the store."""
    return Health(status="ok")


@router.get("/readyz", operation_id="readiness", summary="Whether the service can work", responses=responses(503))
def readyz(database: Store) -> Readiness:
    """Checks that the store answers and that its schema is the one this version needs."""
    _check(database)
    return Readiness(status="ready", checks={"store": "ok", "schema": "ok"})


def _check(database: Database) -> None:
    try:
        database.ping()
        current = is_current(database)
    except SQLAlchemyError as error:
        raise NotReady("The store does not answer.") from error
    if not current:
        raise NotReady("The store's schema is not the one this version needs; run 'ayla-service migrate'.")
