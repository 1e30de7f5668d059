"""Route of the curves of a job."""

from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from ayla_service.figures.availability import FigureJob
from ayla_service.figures.curves import CurvePlan, CurveQuery, CurveService, SettingCurve
from ayla_service.figures.data import Floats
from ayla_service.figures.routes.parameters import whole_numbers
from ayla_service.figures.schemas import JobCurves
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.http.etags import etag_of, not_modified, private_headers
from ayla_service.http.problems import responses
from ayla_service.trials.selection import Scale

router = APIRouter(tags=["figures"])

_LEAST_POINTS, _MOST_POINTS = 10, 2000
_MOST_ENDS = 50
_LONGEST_COLUMN, _LONGEST_LIST = 100, 1000


async def _curves(request: Request) -> CurveService:
    service: CurveService = request.app.state.curves
    return service


@router.get(
    "/jobs/{job_id}/curves",
    operation_id="get_job_curves",
    summary="Read the curves of a job: median and quartiles over the seeds",
    response_model=JobCurves,
    responses={304: {"description": "Not modified."}, **responses(404, 409)},
)
def get_job_curves(
    job_id: JobId,
    caller: Reader,
    request: Request,
    service: Annotated[CurveService, Depends(_curves)],
    column: Annotated[
        str,
        Query(
            min_length=1,
            max_length=_LONGEST_COLUMN,
            description="Of the trajectory (loss, transformed_loss, scale, effective_lr, grad_norm, param.<name>) or "
            "of the metrics (test_loss, test_accuracy, train_loss, full_train_loss and so on).",
        ),
    ] = "loss",
    max_points: Annotated[
        int, Query(ge=_LEAST_POINTS, le=_MOST_POINTS, description="At most so many points of a curve, about.")
    ] = 500,
    scale: Annotated[
        Scale, Query(description="How steps are chosen: evenly, or with log as many for each tenfold of steps.")
    ] = Scale.LINEAR,
    optimizers: Annotated[
        str | None,
        Query(
            max_length=_LONGEST_LIST,
            description="Indexes of the optimizers, separated by commas. Default: all, of more than twelve the best "
            "eight.",
            examples=["0,2"],
        ),
    ] = None,
    settings: Annotated[
        str | None,
        Query(
            max_length=_LONGEST_LIST,
            description="Of a job with axes: running numbers of up to twelve settings, separated by commas. Such a job "
            "has no curve of each, so they have to be named.",
            examples=["3,17"],
        ),
    ] = None,
) -> Response:
    """What the line figures of a job draw, as numbers, from the results recorded so far.

    All seeds of a curve are read at the same steps. A single seed keeps the lowest and the highest value of each
    stretch. A diverged trial counts as worse than all others.
    """
    wanted = [whole_numbers(name, text) for name, text in (("optimizers", optimizers), ("settings", settings))]
    query = CurveQuery(column, max_points, scale, *wanted)
    plan = service.plan(caller, job_id, query)
    headers = private_headers(etag_of(plan.version.encode()))
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    answer = _answer(plan, service.read(plan))
    return Response(orjson.dumps(answer), headers=headers, media_type="application/json")


def _answer(plan: CurvePlan, curves: list[SettingCurve]) -> dict[str, Any]:
    job = plan.job
    return {
        "job_id": job.id,
        "column": plan.query.column,
        "seeds": plan.subset.seeds,
        "seeds_total": len(job.spec.seeds),
        "settings": job.settings_total,
        "steps_per_epoch": job.steps_per_epoch,
        "curves": [_of_setting(plan.job, curve) for curve in curves],
    }


def _of_setting(job: FigureJob, curve: SettingCurve) -> dict[str, Any]:
    band = curve.band
    return {
        "optimizer_index": job.entry_of(curve.setting.index),
        "setting": curve.setting.index,
        "label": curve.setting.label,
        "seeds": band.seeds,
        "step": band.steps.tolist(),
        "epoch": None if curve.epochs is None else curve.epochs.tolist(),
        "median": _finite(band.median),
        "low": _finite(band.low),
        "high": _finite(band.high),
        "ends": [{"step": step, "value": value} for step, value in band.ends[:_MOST_ENDS]],
    }


def _finite(values: Floats) -> list[float | None]:
    """The values as JSON has them."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
