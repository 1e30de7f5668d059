"""Route of the computing time that a team has used."""

from typing import Annotated

from fastapi import APIRouter, Query

from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import Store
from ayla_service.teams.usage import MOST_WEEKS, WeeklyUsage, weekly_usage

router = APIRouter(tags=["teams"])


@router.get("/usage", operation_id="get_usage", summary="Read the hours that your team has used, week by week")
def get_usage(
    caller: Reader,
    store: Store,
    weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS, description="How many weeks, the current one among them.")] = 12,
) -> WeeklyUsage:
    """Hours of workers by member and by project, from the attempts at jobs that the store still has."""
    with store.read() as session:
        return weekly_usage(session, caller.team_id, weeks)
