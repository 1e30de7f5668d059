"""Routes of the caller and its team, whose name, weight and limits the operator sets with ``ayla-service teams``."""

from fastapi import APIRouter

from ayla_service.db.models import Team as TeamRow
from ayla_service.http.authorization import Reader
from ayla_service.http.dependencies import Store
from ayla_service.teams.limit_usage import me, team_answer
from ayla_service.teams.schemas import Me, Team

router = APIRouter(tags=["teams"])


@router.get("/team", operation_id="get_team", summary="Read your team")
def get_team(caller: Reader, store: Store) -> Team:
    """The team's share of the workers, its limits with what is used of them, and whether its queue is stopped."""
    with store.read() as session:
        return team_answer(session, session.get_one(TeamRow, caller.team_id))


@router.get("/me", operation_id="get_me", summary="See who you are, and what you may do and have")
def get_me(caller: Reader, store: Store) -> Me:
    """The member and team that the API key stands for, its scopes and end, and all limits with what is used of them."""
    with store.read() as session:
        return me(session, caller)
