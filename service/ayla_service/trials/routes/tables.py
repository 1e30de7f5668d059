"""Routes that answer with the results of all trials of a job as one table."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId
from ayla_service.trials.conditions import Order
from ayla_service.trials.formats import Format
from ayla_service.trials.routes.answers import TableResponse, WantedFormat
from ayla_service.trials.routes.parameters import (
    Every,
    Results,
    series_query,
    table_responses,
    trial_order,
    trial_selection,
)
from ayla_service.trials.schemas import JobSummaryTable, JobTable
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.service import MAX_NUMBERS, MAX_ROWS, ResultReader
from ayla_service.trials.snapshot import TrialsSnapshot
from ayla_service.trials.table import ResultTable

router = APIRouter(tags=["jobs"])

Wanted = Annotated[TrialSelection, Depends(trial_selection)]
WantedOrder = Annotated[Order | None, Depends(trial_order)]
SeriesQuery = Annotated[TrajectoryQuery, Depends(series_query)]


@router.get(
    "/jobs/{job_id}/trajectories",
    operation_id="get_trajectories",
    summary="Read the trajectories of a job as one table",
    response_model=JobTable,
    responses=table_responses(
        "The rows of all trials, one trial after the other.",
        "trial_index,label,optimizer_index,seed,step,loss\n0,SGD,0,0,0,6.0\n1,SGD,0,1,0,5.1\n",
    ),
)
def get_trajectories(
    job_id: JobId,
    caller: Reader,
    results: Results,
    request: Request,
    form: WantedFormat,
    wanted: Wanted,
    query: SeriesQuery,
    every: Every = None,
) -> Response:
    """Trajectories of all trials, or of the wanted ones, when the request came; each trial is thinned by itself.

    Arrow, Parquet and CSV come whole however large the job is; JSON only up to a number of rows.
    """
    snapshot = results.of_job(TRAJECTORY, caller.team_id, job_id, wanted)
    return _answer(request, form, results, TRAJECTORY, snapshot, replace(query, every=every))


@router.get(
    "/jobs/{job_id}/metrics",
    operation_id="get_job_metrics",
    summary="Read the metrics of a job as one table",
    response_model=JobTable,
    responses=table_responses(
        "The rows of all trials, one trial after the other.",
        "trial_index,label,optimizer_index,seed,step,epoch,train_loss\n0,SGD,0,0,45,1,2.1\n1,SGD,0,1,45,1,2.3\n",
    ),
)
def get_job_metrics(
    job_id: JobId,
    caller: Reader,
    results: Results,
    request: Request,
    form: WantedFormat,
    wanted: Wanted,
    query: SeriesQuery,
) -> Response:
    """Loss and accuracy of all trials, or of the wanted ones, in the forms of the trajectories."""
    snapshot = results.of_job(METRICS, caller.team_id, job_id, wanted)
    return _answer(request, form, results, METRICS, snapshot, query)


@router.get(
    "/jobs/{job_id}/summary",
    operation_id="get_job_summary",
    summary="Read the results of a job, one row per trial",
    response_model=JobSummaryTable,
    responses=table_responses(
        "The trials in order.",
        "trial_index,label,learning_rate,ayla.n1,seed,state,best_loss\n0,SGD,0.03,,0,completed,-6.5\n",
    ),
)
def get_job_summary(
    job_id: JobId,
    caller: Reader,
    results: Results,
    request: Request,
    form: WantedFormat,
    wanted: Wanted,
    order: WantedOrder,
) -> Response:
    """Every trial with its settings and its result, as far as it has come; or the wanted ones, in another order.

    Arrow, Parquet and CSV come whole however large the job is; JSON only up to a number of rows.
    """
    snapshot = results.of_job(None, caller.team_id, job_id, wanted, order)
    table = results.summary(snapshot, order)
    answer = TableResponse(request, form, snapshot, "summary")
    return answer.of(lambda: table.whole(MAX_ROWS, MAX_NUMBERS), lambda: table, job_id=job_id)


def _answer(
    request: Request,
    form: Format,
    results: ResultReader,
    series: Series,
    snapshot: TrialsSnapshot,
    query: TrajectoryQuery,
) -> Response:
    def table() -> ResultTable:
        return results.table(series, snapshot, query, identified=True)

    answer = TableResponse(request, form, snapshot, series.plural)
    return answer.of(lambda: table().whole(MAX_ROWS, MAX_NUMBERS), table, job_id=snapshot.job_id)
