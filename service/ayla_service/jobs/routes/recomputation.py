"""Route that has a trial computed again."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ayla_service.http.authorization import Steerer
from ayla_service.http.dependencies import Jobs
from ayla_service.http.idempotency import REPLAYED
from ayla_service.http.problems import responses
from ayla_service.jobs.routes.submissions import ENDED, LOCATION, Key, answer_when_ended, one_job
from ayla_service.jobs.routes.waiting import APPLIED, Waiting
from ayla_service.jobs.schemas import JobDetail
from ayla_service.trials.routes.parameters import TrialId

router = APIRouter(tags=["trials"])


@router.post(
    "/trials/{trial_id}/recompute",
    operation_id="recompute_trial",
    summary="Compute a trial again, to have its trajectory",
    status_code=202,
    response_model=JobDetail,
    responses={
        201: {"description": "The job has ended while the client waited.", "model": JobDetail, "headers": ENDED},
        202: {"description": "The job that computes it is queued.", "headers": {**LOCATION, **REPLAYED, **APPLIED}},
        **responses(404, 409),
    },
)
def recompute_trial(
    trial_id: TrialId,
    caller: Steerer,
    jobs: Jobs,
    key: Key,
    waiting: Waiting,
    *,
    all_seeds: Annotated[
        bool, Query(description="Whether the trials of its setting with all other seeds are computed again too.")
    ] = False,
) -> Response:
    """For a trial of a job that keeps no trajectories: a small job, whose ``origin`` is the trial, runs it again.

    With all_seeds its origin is the setting's first trial, and it has the setting's curves over the seeds.

    The numbers are the same to the bit. Once that job has ended, the trajectory and the metrics of the trial are where
    they would be. Safe to repeat: a job that does it already is answered with.
    """
    receipt = jobs.repeated(key)
    if receipt is None:
        receipt = jobs.recompute(caller, trial_id, one_job, key, all_seeds=all_seeds)
    return answer_when_ended(waiting, receipt, caller, jobs, one_job)
