"""Read a trial and its results."""

from typing import Annotated, Any

from ayla_spec.limits import MAX_STEPS
from fastapi import APIRouter, Header, Query, Response

from ayla_service.api.deps import Jobs, Results, TrialId
from ayla_service.api.negotiation import preferred
from ayla_service.api.problems import responses
from ayla_service.api.schemas import Predictions, Trajectory, Trial
from ayla_service.api.trajectories import CSV, JSON, trajectory_response
from ayla_service.results.reader import MAX_ROWS, TrajectoryQuery

router = APIRouter(tags=["trials"])

_EITHER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The recorded rows.",
        "content": {CSV: {"schema": {"type": "string"}, "example": "step,loss\n0,6.0\n1,4.7\n"}},
    }
}


@router.get("/trials/{trial_id}", operation_id="get_trial", summary="Read a trial", responses=responses(404))
def get_trial(trial_id: TrialId, jobs: Jobs) -> Trial:
    """A trial's settings and state; with its result in numbers once it has completed or diverged."""
    return Trial.of(jobs.trial(trial_id))


@router.get(
    "/trials/{trial_id}/trajectory",
    operation_id="get_trajectory",
    summary="Read a trial's trajectory",
    response_model=Trajectory,
    responses={**_EITHER, **responses(404, 406)},
)
def get_trajectory(
    trial_id: TrialId,
    results: Results,
    columns: Annotated[str | None, Query(description="Names separated by commas. Default: all.")] = None,
    every: Annotated[int | None, Query(ge=1, le=MAX_STEPS, description="Only every n-th step.")] = None,
    max_points: Annotated[
        int | None, Query(ge=2, le=MAX_ROWS, description="At most so many rows; lowest and highest losses are kept.")
    ] = None,
    from_step: Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="First step, inclusive.")] = None,
    to_step: Annotated[int | None, Query(ge=0, le=MAX_STEPS, description="Last step, inclusive.")] = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """What was recorded so far, as JSON by column or, with Accept: text/csv, as CSV by row.

    Thinning always keeps the first and the last row.
    """
    media_type = preferred(accept, (JSON, CSV))
    names = None if columns is None else columns.split(",")
    query = TrajectoryQuery(names, every, max_points, from_step, to_step)
    return trajectory_response(trial_id, results.trajectory(trial_id, query), media_type)


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
