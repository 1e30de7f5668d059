"""Figures of a job, drawn by the service."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from ayla_service.figures.options import Kind
from ayla_service.figures.routes.parameters import MEDIA_TYPES, FigureList, WantedFigure, WantedForm, figure_responses
from ayla_service.figures.service import FigureService
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.http.etags import etag_of, not_modified
from ayla_service.http.problems import responses

router = APIRouter(tags=["figures"])

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""An SVG is a document: whatever got into it, nothing of it is run or loaded."""


async def _figures(request: Request) -> FigureService:
    service: FigureService = request.app.state.figures
    return service


Figures = Annotated[FigureService, Depends(_figures)]


@router.get(
    "/jobs/{job_id}/figures",
    operation_id="list_figures",
    summary="List the figures of a job",
    responses=responses(404, 409),
)
def list_figures(job_id: JobId, caller: Reader, figures: Figures) -> FigureList:
    """Which figures the job has, by its problem and settings, and why it does not have the others."""
    return FigureList.of(figures.facts(caller, job_id))


@router.get(
    "/jobs/{job_id}/figures/{kind}",
    operation_id="get_figure",
    summary="Draw a figure of a job",
    response_class=Response,
    responses={**figure_responses(), **responses(404, 406, 409)},
)
def get_figure(
    job_id: JobId,
    kind: Annotated[Kind, Path(description="What it shows.")],
    caller: Reader,
    figures: Figures,
    request: Request,
    options: WantedFigure,
    form: WantedForm,
) -> Response:
    """A figure as SVG, PNG or PDF, of what is recorded so far; before that it is empty, and says so.

    Lines are medians over the seeds, with bands from the lower to the upper quartile. A diverged trial counts as worse
    than all others. Of more than twelve optimizers the best eight have colours and the others are grey.
    """
    sketch = figures.sketch(caller, job_id, kind, options, form)
    # The same results are drawn to the same bytes, so this validator is as good as one of those.
    etag = etag_of(sketch.version.encode())
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{job_id[:8]}-{kind}.{form}"',
    }
    return Response(figures.draw(sketch), headers=headers, media_type=MEDIA_TYPES[form])
