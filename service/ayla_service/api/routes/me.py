"""Who sends the request."""

from fastapi import APIRouter

from ayla_service.api.access import Reader
from ayla_service.api.deps import Store
from ayla_service.api.team_schemas import Me
from ayla_service.teams.standing import my_view

router = APIRouter(tags=["teams"])


@router.get("/me", operation_id="get_me", summary="See who you are, and what you may do and have")
def get_me(caller: Reader, store: Store) -> Me:
    """The member and team that the API key stands for, its scopes and end, and all limits with what is used of them."""
    with store.read() as session:
        return Me.of(my_view(session, caller))
