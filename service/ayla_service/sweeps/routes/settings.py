"""Routes that list the settings of a sweep, the best first."""

from typing import Annotated

from ayla_spec.text import NORMAL
from fastapi import APIRouter, Query, Request, Response

from ayla_service.comparison.schemas import MAX_LABEL
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import JobId, next_page
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.sweeps.answers import setting_page
from ayla_service.sweeps.routes.parameters import Judged, SeveralJobs, Sweeps
from ayla_service.sweeps.schemas import ARM, SettingPage
from ayla_service.sweeps.service import SweepService, WantedSettings, WantedSweep
from ayla_service.trials.conditions import MOST_CONDITIONS, conditions_of

router = APIRouter(tags=["sweeps"])

_ONE_PAGE = {"description": "One page of settings.", "headers": NEXT}

Arm = Annotated[str | None, Query(max_length=MAX_LABEL, description=ARM.split(";", maxsplit=1)[0] + "."), NORMAL]
Where = Annotated[
    list[str],
    Query(
        max_length=MOST_CONDITIONS,
        description="An axis, one of <, <=, >, >=, = and !=, and a number; given several times, settings meet all.",
        examples=[["learning_rate>0.01", "ayla.n1<=1"]],
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Settings per page.")]
Cursor = Annotated[str | None, CURSOR]


@router.get(
    "/jobs/{job_id}/settings",
    operation_id="get_settings",
    summary="List the settings of a job, the best first",
    responses={200: _ONE_PAGE, **responses(404)},
)
def get_settings(
    job_id: JobId,
    caller: Reader,
    sweeps: Sweeps,
    request: Request,
    response: Response,
    judged: Judged,
    arm: Arm = None,
    where: Where = [],  # noqa: B006  # never changed
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SettingPage:
    """Settings with their values over the seeds, judged as the best setting is, with their ranks.

    Settings that lack a value on one of their seeds are not judged and come last.
    """
    wanted = WantedSettings(WantedSweep(caller, (job_id,), judged), arm, conditions_of(where), limit, cursor)
    return _page(request, response, sweeps, wanted)


@router.get(
    "/sweeps/settings",
    operation_id="get_settings_of_jobs",
    summary="List the settings of several jobs, the best first",
    responses={200: _ONE_PAGE, **responses(404)},
)
def get_settings_of_jobs(
    job_ids: SeveralJobs,
    caller: Reader,
    sweeps: Sweeps,
    request: Request,
    response: Response,
    judged: Judged,
    arm: Arm = None,
    where: Where = [],  # noqa: B006  # never changed
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SettingPage:
    """As of one job; arms of one name in several jobs are one."""
    wanted = WantedSettings(WantedSweep(caller, job_ids, judged), arm, conditions_of(where), limit, cursor)
    return _page(request, response, sweeps, wanted)


def _page(request: Request, response: Response, sweeps: SweepService, wanted: WantedSettings) -> SettingPage:
    page = setting_page(sweeps.settings(wanted))
    response.headers.update(next_page(request, page.next_cursor))
    return page
