"""List how often workers tried to run a job, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ayla_service.api.access import Reader
from ayla_service.api.deps import JobId, Jobs, next_page
from ayla_service.api.execution import AttemptPage
from ayla_service.api.paging import CURSOR, NEXT
from ayla_service.api.problems import responses

router = APIRouter(tags=["jobs"])


@router.get(
    "/jobs/{job_id}/attempts",
    operation_id="list_attempts",
    summary="List the attempts at a job",
    responses={200: {"description": "One page of attempts.", "headers": NEXT}, **responses(404)},
)
def list_attempts(
    job_id: JobId,
    caller: Reader,
    jobs: Jobs,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000, description="Attempts per page.")] = 100,
    cursor: Annotated[str | None, CURSOR] = None,
) -> AttemptPage:
    """Every attempt at every shard of the job, oldest first, with its worker and, if it failed, its error."""
    page = jobs.attempts(caller, job_id, limit=limit, cursor=cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return AttemptPage.of(page)
