"""Read a trial and its results."""

from typing import Annotated, Any

from ayla_spec.limits import MAX_STEPS
from fastapi import APIRouter, Header, Query, Response

from ayla_service.api.deps import Jobs, Results, TrialId
from ayla_service.api.negotiation import preferred
from ayla_service.api.problems import responses
from ayla_service.api.schemas import Metrics, Predictions, Trajectory, Trial
from ayla_service.api.trajectories import CSV, JSON, columns_response
from ayla_service.results.reader import MAX_ROWS, TrajectoryQuery

router = APIRouter(tags=["trials"])

Columns = Annotated[str | None, Query(description="Names separated by commas. Default: all.")]
FromStep = Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="First step, inclusive.")]
ToStep = Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="Last step, inclusive.")]
MaxPoints = Annotated[
    int | None, Query(ge=2, le=MAX_ROWS, description="At most so many rows; lowest and highest losses are kept.")
]
Accept = Annotated[str | None, Header(include_in_schema=False)]


def _either(example: str) -> dict[int | str, dict[str, Any]]:
    """The documentation of rows that come as JSON or as CSV."""
    content = {CSV: {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": "The recorded rows.", "content": content}}


@router.get("/trials/{trial_id}", operation_id="get_trial", summary="Read a trial", responses=responses(404))
def get_trial(trial_id: TrialId, jobs: Jobs) -> Trial:
    """A trial's settings and state; with its result in numbers once it has completed or diverged."""
    return Trial.of(jobs.trial(trial_id))


@router.get(
    "/trials/{trial_id}/trajectory",
    operation_id="get_trajectory",
    summary="Read a trial's trajectory",
    response_model=Trajectory,
    responses={**_either("step,loss\n0,6.0\n1,4.7\n"), **responses(404, 406)},
)
def get_trajectory(
    trial_id: TrialId,
    results: Results,
    columns: Columns = None,
    every: Annotated[int | None, Query(ge=1, le=MAX_STEPS, description="Only every n-th step.")] = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    accept: Accept = None,
) -> Response:
    """What was recorded so far, as JSON by column or, with Accept: text/csv, as CSV by row.

    Thinning always keeps the first and the last row.
    """
    media_type = preferred(accept, (JSON, CSV))
    query = TrajectoryQuery(_names(columns), every, max_points, from_step, to_step)
    return columns_response(trial_id, results.trajectory(trial_id, query), media_type)


@router.get(
    "/trials/{trial_id}/metrics",
    operation_id="get_metrics",
    summary="Read a trial's metrics",
    response_model=Metrics,
    responses={**_either("step,epoch,train_loss\n45,1,2.1\n90,2,1.4\n"), **responses(404, 406)},
)
def get_metrics(
    trial_id: TrialId,
    results: Results,
    columns: Columns = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    accept: Accept = None,
) -> Response:
    """Loss and accuracy on training and test data, epoch by epoch, in the forms of a trajectory."""
    media_type = preferred(accept, (JSON, CSV))
    query = TrajectoryQuery(_names(columns), None, max_points, from_step, to_step)
    return columns_response(trial_id, results.metrics(trial_id, query), media_type)


@router.get(
    "/trials/{trial_id}/predictions",
    operation_id="get_predictions",
    summary="Read a trial's predictions",
    responses=responses(404),
)
def get_predictions(trial_id: TrialId, results: Results) -> Predictions:
    """What the model predicted on its dataset at the steps that the job asked for."""
    found = results.predictions(trial_id)
    return Predictions(trial_id=trial_id, steps=found.steps, columns=found.columns)


def _names(columns: str | None) -> list[str] | None:
    return None if columns is None else columns.split(",")
