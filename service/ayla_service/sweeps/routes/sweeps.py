"""Routes of answers about sweeps: the best setting, the sensitivity to an axis, the heat map over two."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from ayla_service.errors import InvalidQuery
from ayla_service.figures.options import Form
from ayla_service.figures.routes.parameters import WantedDrawing
from ayla_service.figures.service import FigureService
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.http.etags import etag_of, not_modified, private_headers
from ayla_service.http.problems import responses
from ayla_service.schemas import FrozenModel
from ayla_service.sweeps.answers import best_answer, heatmap_answer, sensitivity_answer
from ayla_service.sweeps.heatmap import Reduce
from ayla_service.sweeps.query import MOST_CELLS, MOST_NUMBERS, MOST_PANELS
from ayla_service.sweeps.routes.parameters import (
    FORM_MEDIA_TYPES,
    AcrossPath,
    AxisPath,
    Judged,
    Narrowed,
    SeveralJobs,
    SweepForm,
    Sweeps,
    UpPath,
    WantedSweepForm,
    pictured_responses,
)
from ayla_service.sweeps.schemas import PACKED, PER_ARM, REDUCE, BestAnswer, HeatMapAnswer, SensitivityAnswer
from ayla_service.sweeps.service import SweepService, WantedSweep

router = APIRouter(tags=["sweeps"])

PerArm = Annotated[bool, Query(description=PER_ARM)]
WantedReduce = Annotated[Reduce, Query(description=REDUCE)]
WantedPacked = Annotated[bool, Query(description=PACKED)]

_FAILURES: dict[int | str, dict[str, Any]] = responses(404, 406, 409)


async def _figures(request: Request) -> FigureService:
    service: FigureService = request.app.state.figures
    return service


Drawings = Annotated[FigureService, Depends(_figures)]


@router.get(
    "/jobs/{job_id}/best",
    operation_id="get_best",
    summary="Tell the best setting of each arm of a job",
    response_model=BestAnswer,
    responses=responses(404, 409),
)
def get_best(
    job_id: JobId, caller: Reader, sweeps: Sweeps, request: Request, judged: Judged, *, per_arm: PerArm = True
) -> Response:
    """The setting with the best value over its seeds, of each arm or of all, and what it was selected among.

    Settings that lack a value on some of their seeds are left out and counted; of equals the first is named, and the
    others are counted. Of many settings on the same seeds part of the best value is luck: 'luck' says so.
    """
    return _best(request, sweeps, WantedSweep(caller, (job_id,), judged), per_arm=per_arm)


@router.get(
    "/sweeps/best",
    operation_id="get_best_of_jobs",
    summary="Tell the best setting of each arm of several jobs",
    response_model=BestAnswer,
    responses=responses(404, 409),
)
def get_best_of_jobs(
    job_ids: SeveralJobs, caller: Reader, sweeps: Sweeps, request: Request, judged: Judged, *, per_arm: PerArm = True
) -> Response:
    """As of one job; arms of one name in several jobs are one."""
    return _best(request, sweeps, WantedSweep(caller, job_ids, judged), per_arm=per_arm)


@router.get(
    "/jobs/{job_id}/sensitivity",
    operation_id="get_sensitivity",
    summary="Tell what the arms of a job reach along one axis",
    response_model=SensitivityAnswer,
    responses={**pictured_responses("The sensitivity"), **_FAILURES},
)
def get_sensitivity(
    job_id: JobId,
    caller: Reader,
    sweeps: Sweeps,
    figures: Drawings,
    request: Request,
    judged: Judged,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: WantedSweepForm,
    axis: AxisPath = None,
) -> Response:
    """At each value of an axis the best and the median setting over the other axes, with how many there are."""
    wanted = WantedSweep(caller, (job_id,), judged)
    return _sensitivity(request, sweeps, figures, wanted, axis, narrowed, drawing, form)


@router.get(
    "/sweeps/sensitivity",
    operation_id="get_sensitivity_of_jobs",
    summary="Tell what the arms of several jobs reach along one axis",
    response_model=SensitivityAnswer,
    responses={**pictured_responses("The sensitivity"), **_FAILURES},
)
def get_sensitivity_of_jobs(
    job_ids: SeveralJobs,
    caller: Reader,
    sweeps: Sweeps,
    figures: Drawings,
    request: Request,
    judged: Judged,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: WantedSweepForm,
    axis: AxisPath = None,
) -> Response:
    """As of one job, with the values of all jobs along the axis."""
    wanted = WantedSweep(caller, job_ids, judged)
    return _sensitivity(request, sweeps, figures, wanted, axis, narrowed, drawing, form)


@router.get(
    "/jobs/{job_id}/heatmap",
    operation_id="get_heatmap",
    summary="Tell or draw the heat map of a job over two axes",
    response_model=HeatMapAnswer,
    responses={**pictured_responses("The heat map"), **_FAILURES},
)
def get_heatmap(
    job_id: JobId,
    caller: Reader,
    sweeps: Sweeps,
    figures: Drawings,
    request: Request,
    judged: Judged,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: WantedSweepForm,
    x: AcrossPath = None,
    y: UpPath = None,
    reduce: WantedReduce = "best",
    *,
    packed: WantedPacked = False,
) -> Response:
    """In each cell the best or the median setting over the other axes, a panel for each arm.

    A picture and packed JSON have up to 1,000 × 1,000 cells, other JSON up to 100,000.
    """
    wanted = WantedSweep(caller, (job_id,), judged)
    return _heatmap(request, sweeps, figures, wanted, (x, y), reduce, narrowed, drawing, form, packed=packed)


@router.get(
    "/sweeps/heatmap",
    operation_id="get_heatmap_of_jobs",
    summary="Tell or draw the heat map of several jobs over two axes",
    response_model=HeatMapAnswer,
    responses={**pictured_responses("The heat map"), **_FAILURES},
)
def get_heatmap_of_jobs(
    job_ids: SeveralJobs,
    caller: Reader,
    sweeps: Sweeps,
    figures: Drawings,
    request: Request,
    judged: Judged,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: WantedSweepForm,
    x: AcrossPath = None,
    y: UpPath = None,
    reduce: WantedReduce = "best",
    *,
    packed: WantedPacked = False,
) -> Response:
    """As of one job: the axes of all are united, cells that nobody ran are empty, those of several jobs are counted."""
    wanted = WantedSweep(caller, job_ids, judged)
    return _heatmap(request, sweeps, figures, wanted, (x, y), reduce, narrowed, drawing, form, packed=packed)


def _best(request: Request, sweeps: SweepService, wanted: WantedSweep, *, per_arm: bool) -> Response:
    def compute() -> bytes:
        return _json(best_answer(sweeps.best(wanted, per_arm=per_arm)))

    return _answer(request, sweeps, wanted, ("best", per_arm), SweepForm.JSON, compute)


def _sensitivity(
    request: Request,
    sweeps: SweepService,
    figures: FigureService,
    wanted: WantedSweep,
    axis: str | None,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: SweepForm,
) -> Response:
    def compute() -> bytes:
        found = sweeps.sensitivity(wanted, axis, narrowed.arms, narrowed.bins, MOST_NUMBERS)
        if form is SweepForm.JSON:
            return _json(sensitivity_answer(found))
        return figures.draw_sensitivity(found, drawing, Form(form))

    _check(drawing, form)
    return _answer(request, sweeps, wanted, ("sensitivity", axis, narrowed, drawing), form, compute)


def _heatmap(
    request: Request,
    sweeps: SweepService,
    figures: FigureService,
    wanted: WantedSweep,
    paths: tuple[str | None, str | None],
    reduce: Reduce,
    narrowed: Narrowed,
    drawing: WantedDrawing,
    form: SweepForm,
    *,
    packed: bool,
) -> Response:
    def compute() -> bytes:
        most = MOST_CELLS if packed or form is not SweepForm.JSON else MOST_NUMBERS
        panels = None if form is SweepForm.JSON else MOST_PANELS
        found = sweeps.heatmap(wanted, paths, reduce, narrowed.arms, narrowed.bins, most, panels)
        if form is SweepForm.JSON:
            return _json(heatmap_answer(found, packed=packed))
        return figures.draw_heatmap(found, drawing, Form(form))

    _check(drawing, form)
    if packed and form is not SweepForm.JSON:
        raise InvalidQuery("packed", "Packs the numbers of JSON; a picture has none.")
    return _answer(request, sweeps, wanted, ("heatmap", paths, reduce, narrowed, drawing, packed), form, compute)


def _check(drawing: WantedDrawing, form: SweepForm) -> None:
    """Refuse what no picture can have, before anything is read for it."""
    if form is not SweepForm.JSON:
        drawing.check_drawing(Form(form))


def _json(answer: FrozenModel) -> bytes:
    return answer.model_dump_json().encode()


def _answer(
    request: Request,
    sweeps: SweepService,
    wanted: WantedSweep,
    asked: tuple[object, ...],
    form: SweepForm,
    compute: Callable[[], bytes],
) -> Response:
    """The answer, or 304 if the client has it: then nothing is computed."""
    # The same results give the same bytes, so this is a validator of the bytes.
    etag = etag_of(sweeps.version(wanted, (asked, form)).encode())
    headers = private_headers(etag)
    if not_modified(request, etag):
        return Response(status_code=304, headers=headers)
    if form is not SweepForm.JSON:
        name = wanted.job_ids[0][:8] if len(wanted.job_ids) == 1 else f"{len(wanted.job_ids)}-jobs"
        headers |= {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f'inline; filename="{name}-{asked[0]}.{form}"',
        }
    return Response(compute(), headers=headers, media_type=FORM_MEDIA_TYPES[form])
