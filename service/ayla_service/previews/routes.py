"""Route of previews."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from ayla_service.http.authorization import Reader
from ayla_service.previews.schemas import JobPreviews
from ayla_service.previews.service import PreviewService
from ayla_service.schemas import Id

router = APIRouter(tags=["jobs"])

MOST_JOBS = 100


async def _previews(request: Request) -> PreviewService:
    service: PreviewService = request.app.state.previews
    return service


@router.get("/previews", operation_id="get_previews", summary="See what lists show of jobs' results")
def get_previews(
    caller: Reader,
    previews: Annotated[PreviewService, Depends(_previews)],
    job_id: Annotated[
        list[Id], Query(min_length=1, max_length=MOST_JOBS, description="One of the jobs; can be given several times.")
    ],
) -> JobPreviews:
    """Of each job its problem in a few words, the best value so far, and the course of the loss in a few numbers.

    Jobs that the team does not have are left out.
    """
    return previews.of_jobs(caller, job_id)
