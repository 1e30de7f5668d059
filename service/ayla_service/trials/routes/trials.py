"""Routes that answer with a trial and its results, or list the trials of a job."""

from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId, Jobs, next_page
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.trials.conditions import Order
from ayla_service.trials.formats import Format
from ayla_service.trials.routes.answers import TableResponse, WantedFormat
from ayla_service.trials.routes.parameters import (
    Every,
    Results,
    TrialId,
    series_query,
    table_responses,
    trial_order,
    trial_selection,
)
from ayla_service.trials.schemas import Metrics, Predictions, Trajectory, Trial, TrialPage
from ayla_service.trials.selection import TrajectoryQuery, TrialSelection
from ayla_service.trials.series import METRICS, TRAJECTORY, Series
from ayla_service.trials.service import MAX_NUMBERS, MAX_ROWS, ResultReader
from ayla_service.trials.table import ResultTable

_trials = APIRouter(tags=["trials"])
_of_a_job = APIRouter(tags=["jobs"])

Wanted = Annotated[TrialSelection, Depends(trial_selection)]
WantedOrder = Annotated[Order | None, Depends(trial_order)]
SeriesQuery = Annotated[TrajectoryQuery, Depends(series_query)]


@_trials.get("/trials/{trial_id}", operation_id="get_trial", summary="Read a trial", responses=responses(404))
def get_trial(trial_id: TrialId, caller: Reader, jobs: Jobs) -> Trial:
    """A trial's settings and state; with its result in numbers once it has completed or diverged."""
    return jobs.trial(caller, trial_id)


@_trials.get(
    "/trials/{trial_id}/trajectory",
    operation_id="get_trajectory",
    summary="Read a trial's trajectory",
    response_model=Trajectory,
    responses=table_responses("The recorded rows.", "step,loss\n0,6.0\n1,4.7\n"),
)
def get_trajectory(
    trial_id: TrialId,
    caller: Reader,
    results: Results,
    request: Request,
    form: WantedFormat,
    query: SeriesQuery,
    every: Every = None,
) -> Response:
    """The trajectory recorded so far: JSON and CSV, where a number that is not finite is null, Arrow and Parquet.

    Thinning always keeps the first and the last row. Arrow, Parquet and CSV come whole however long they are.
    """
    return _answer(request, form, results, TRAJECTORY, caller.team_id, trial_id, replace(query, every=every))


@_trials.get(
    "/trials/{trial_id}/metrics",
    operation_id="get_metrics",
    summary="Read a trial's metrics",
    response_model=Metrics,
    responses=table_responses("The recorded rows.", "step,epoch,train_loss\n45,1,2.1\n90,2,1.4\n"),
)
def get_metrics(
    trial_id: TrialId, caller: Reader, results: Results, request: Request, form: WantedFormat, query: SeriesQuery
) -> Response:
    """Loss and accuracy on training and test data, epoch by epoch, in the forms of a trajectory."""
    return _answer(request, form, results, METRICS, caller.team_id, trial_id, query)


@_trials.get(
    "/trials/{trial_id}/predictions",
    operation_id="get_predictions",
    summary="Read a trial's predictions",
    response_model=Predictions,
    responses=responses(404),
)
def get_predictions(trial_id: TrialId, caller: Reader, results: Results) -> Response:
    """Predictions of the model on its dataset at the steps that the job asked for."""
    found = results.predictions(caller.team_id, trial_id)
    # Not by the model, which would look at each of a million numbers; what is not finite is null here too.
    return Response(orjson.dumps(dict(found)), media_type="application/json")


def _answer(
    request: Request,
    form: Format,
    results: ResultReader,
    series: Series,
    team_id: str,
    trial_id: str,
    query: TrajectoryQuery,
) -> Response:
    snapshot = results.of_trial(series, team_id, trial_id)
    answer = TableResponse(request, form, snapshot, f"trial-{snapshot.indexes[0]}-{series.name}")

    def table() -> ResultTable:
        return results.table(series, snapshot, query, identified=False)

    return answer.of(lambda: table().whole(MAX_ROWS, MAX_NUMBERS), table, trial_id=str(snapshot.trial_id))


@_of_a_job.get(
    "/jobs/{job_id}/trials",
    operation_id="list_trials",
    summary="List a job's trials",
    responses={200: {"description": "One page of trials.", "headers": NEXT}, **responses(404)},
)
def list_trials(
    job_id: JobId,
    caller: Reader,
    jobs: Jobs,
    request: Request,
    response: Response,
    wanted: Wanted,
    order: WantedOrder,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trials per page.")] = 100,
    cursor: Annotated[str | None, CURSOR] = None,
) -> TrialPage:
    """A job's trials, or the wanted ones; in order all seeds of the first optimizer, then of the next."""
    page = jobs.trials(caller, job_id, limit=limit, cursor=cursor, wanted=wanted, order=order)
    response.headers.update(next_page(request, page.next_cursor))
    return TrialPage(data=page.items, next_cursor=page.next_cursor)


router = APIRouter()
router.include_router(_of_a_job)
router.include_router(_trials)
