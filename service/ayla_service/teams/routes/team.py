"""Routes of the caller, its team and the members of that.

The operator sets name, weight and limits of a team with ``ayla-service teams``; its admins manage the members.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from ayla_service.db.models import TeamRow
from ayla_service.http.authorization import Admin, Reader
from ayla_service.http.dependencies import Store, next_page, submitted_json
from ayla_service.http.examples import MEMBER_CHANGE_EXAMPLES, MEMBER_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, Answer, Once
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.schemas import Id
from ayla_service.teams import members
from ayla_service.teams.limit_usage import me, team_answer
from ayla_service.teams.members import NewMember
from ayla_service.teams.schemas import Me, Member, MemberChange, MemberDraft, MemberPage, Team

router = APIRouter(tags=["teams"])

MemberId = Annotated[Id, Path(description="Id of the member.")]

_ADDED = {"Location": {"description": "Path of the member.", "schema": {"type": "string"}}, **REPLAYED}


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


@router.get(
    "/members",
    operation_id="list_members",
    summary="List the team's members",
    responses={200: {"description": "One page of members.", "headers": NEXT}},
)
def list_members(
    caller: Reader,
    store: Store,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000, description="Members per page.")] = 100,
    cursor: Annotated[str | None, CURSOR] = None,
) -> MemberPage:
    """Members of the team, in the order in which they came; those who have left are not listed."""
    with store.read() as session:
        page = members.page(session, caller.team_id, limit, cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return page


@router.post(
    "/members",
    operation_id="add_member",
    summary="Add a member",
    status_code=201,
    response_model=Member,
    dependencies=[Depends(submitted_json)],
    responses={201: {"description": "The member.", "headers": _ADDED}, **responses(409, 413, 415)},
)
def add_member(
    draft: Annotated[MemberDraft, Body(openapi_examples=MEMBER_EXAMPLES)], caller: Admin, once: Once
) -> Response:
    """Add a person or program to the team, which then needs an API key. One who has left comes back under its name."""

    def add(session: Session) -> Answer:
        limits = {name: most for name, most in draft.limits.changes().items() if most is not None}
        new = NewMember(draft.name, draft.role, draft.weight, limits)
        added = members.add(session, caller.team_id, new)
        return Answer(201, added, {"Location": f"/v1/members/{added.id}"})

    return once(add)


@router.get("/members/{member_id}", operation_id="get_member", summary="Read a member", responses=responses(404))
def get_member(member_id: MemberId, caller: Reader, store: Store) -> Member:
    """A member of the team, also one who has left it."""
    with store.read() as session:
        return Member.of(members.member_of(session, caller.team_id, member_id))


@router.patch(
    "/members/{member_id}",
    operation_id="change_member",
    summary="Change a member's name, role, weight or limits",
    dependencies=[Depends(submitted_json)],
    responses=responses(404, 409, 413, 415),
)
def change_member(
    member_id: MemberId,
    change: Annotated[MemberChange, Body(openapi_examples=MEMBER_CHANGE_EXAMPLES)],
    caller: Admin,
    _: Reader,
    store: Store,
) -> Member:
    """Change what is given, and leave the rest. A role holds at once, also for keys that were made before."""
    with store.write() as session:
        return members.change(session, caller.team_id, member_id, change.changes())


@router.delete(
    "/members/{member_id}",
    operation_id="remove_member",
    summary="Remove a member from the team",
    status_code=204,
    responses=responses(404, 409),
)
def remove_member(member_id: MemberId, caller: Admin, store: Store) -> None:
    """The member's API keys are refused from now on. Its jobs go on, and keep their owner."""
    with store.write() as session:
        members.remove(session, caller.team_id, member_id)
