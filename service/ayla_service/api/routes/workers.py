"""List the workers."""

from fastapi import APIRouter

from ayla_service.api.access import Reader
from ayla_service.api.deps import Workers
from ayla_service.api.execution import WorkerList

router = APIRouter(tags=["workers"])


@router.get("/workers", operation_id="list_workers", summary="List the workers and what they run")
def list_workers(caller: Reader, workers: Workers) -> WorkerList:
    """Every worker, in the order in which they started; one that has stopped or was lost is told for a day.

    All teams share them; of what they run only the caller's team's jobs are told.
    """
    return WorkerList.of(workers.list(caller))
