"""Routes of figures, of one job and of several."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ayla_service.comparison.query import MAX_JOBS
from ayla_service.errors import InvalidQuery
from ayla_service.figures.options import Kind
from ayla_service.figures.routes.parameters import MEDIA_TYPES, WantedFigure, WantedForm, figure_responses
from ayla_service.figures.schemas import FigureList
from ayla_service.figures.service import FigureService, Plan
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.http.etags import etag_of, not_modified, private_headers
from ayla_service.http.problems import responses
from ayla_service.schemas import Id

router = APIRouter(tags=["figures"])

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""An SVG is a document: browsers run and load nothing that is in it."""


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
    """Kinds of figures that the job has, by its problem and settings, and why it does not have the others."""
    return FigureList.of(figures.job(caller, job_id))


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
    """Figure of a job as SVG, PNG or PDF, from the results recorded so far; before the first it is empty and says so.

    Lines are medians over the seeds, with bands from the lower to the upper quartile. A diverged trial counts as worse
    than all others. Of more than twelve optimizers the best eight have colours and the others are grey.
    """
    plan = figures.plan(caller, job_id, kind, options, form)
    return _answer(request, figures, plan, job_id[:8])


@router.get(
    "/figures/{kind}",
    operation_id="get_jobs_figure",
    summary="Draw a figure of several jobs",
    response_class=Response,
    responses={**figure_responses(), **responses(404, 406, 409)},
)
def get_jobs_figure(
    kind: Annotated[Kind, Path(description="What it shows.")],
    job_id: Annotated[
        list[Id],
        Query(
            min_length=1, max_length=MAX_JOBS, description="A job of the team, each once; can be given several times."
        ),
    ],
    caller: Reader,
    figures: Figures,
    request: Request,
    options: WantedFigure,
    form: WantedForm,
) -> Response:
    """Figure of what the comparison of several jobs answers, as SVG, PNG or PDF, or of their recorded lines.

    In comparisons optimizers are matched by label and numbered in the order of appearance; lines are those of each job.
    """
    if len(set(job_id)) < len(job_id):
        raise InvalidQuery("job_id", "Must not name a job twice.")
    return _answer(request, figures, figures.plan_several(caller, job_id, kind, options, form), f"{len(job_id)}-jobs")


def _answer(request: Request, figures: FigureService, plan: Plan, name: str) -> Response:
    """The figure, or 304 if the client has it."""
    # The same results give the same bytes, so this is a validator of the bytes.
    etag = etag_of(plan.version.encode())
    headers = private_headers(etag)
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{name}-{plan.kind}.{plan.form}"',
    }
    return Response(figures.draw(plan), headers=headers, media_type=MEDIA_TYPES[plan.form])
