"""Routes of API keys: a member manages its own, an admin those of the team. A key is shown once, when it is made."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from ayla_service.http.authorization import Caller, Reader, Submitter
from ayla_service.http.dependencies import Store, next_page, submitted_json
from ayla_service.http.examples import KEY_EXAMPLES, ROTATION_EXAMPLES
from ayla_service.http.idempotency import REPLAYED, Answer, Once
from ayla_service.http.paging import CURSOR, NEXT
from ayla_service.http.problems import responses
from ayla_service.schemas import Id
from ayla_service.teams import key_management
from ayla_service.teams.key_management import KeyRequest
from ayla_service.teams.routes.shown_once import ShownOnce
from ayla_service.teams.schemas import Key, KeyDraft, KeyPage, KeyRotation, KeyWithSecret

router = APIRouter(tags=["keys"])


async def _json_if_any(request: Request) -> None:
    if await request.body():
        await submitted_json(request)


KeyId = Annotated[Id, Path(description="Id of the API key.")]

_MADE: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The new key, shown this once only.",
        "headers": {
            "Location": {"description": "Path of the key.", "schema": {"type": "string"}},
            "Cache-Control": {"description": "no-store", "schema": {"type": "string"}},
        },
    }
}


@router.get(
    "/keys",
    operation_id="list_keys",
    summary="List API keys, newest first",
    responses={200: {"description": "One page of keys.", "headers": NEXT}},
)
def list_keys(
    caller: Reader,
    store: Store,
    request: Request,
    response: Response,
    member_id: Annotated[Id | None, Query(max_length=64, description="Only the keys of this member.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Keys per page.")] = 50,
    cursor: Annotated[str | None, CURSOR] = None,
) -> KeyPage:
    """Your own keys; with the scope admin those of all members. Keys that have ended are listed too, the last ones."""
    with store.read() as session:
        page = key_management.page(session, caller, member_id, limit, cursor)
    response.headers.update(next_page(request, page.next_cursor))
    return page


@router.post(
    "/keys",
    operation_id="create_key",
    summary="Make an API key",
    status_code=201,
    response_model=KeyWithSecret,
    dependencies=[Depends(submitted_json)],
    responses={**_MADE, **responses(404, 409, 413, 415)},
)
def create_key(
    draft: Annotated[KeyDraft, Body(openapi_examples=KEY_EXAMPLES)], caller: Submitter, shown_once: ShownOnce
) -> Response:
    """Make a key with no more scopes, and no later end, than the one of this request.

    The key is in this answer only, and not stored: a request that is repeated with the same Idempotency-Key makes no
    second key, and is answered with 409 and the id of the first. With the scope admin a key can be for another member
    and last longer.
    """
    member_id = draft.member_id or caller.member_id
    wanted = KeyRequest(draft.name, draft.scopes, draft.expires_at)
    return shown_once(lambda session: key_management.create(session, caller, member_id, wanted))


@router.get("/keys/{key_id}", operation_id="get_key", summary="Read an API key", responses=responses(404))
def get_key(key_id: KeyId, caller: Reader, store: Store) -> Key:
    """An API key, without the key itself."""
    with store.read() as session:
        return key_management.key_of(session, caller, key_id)


@router.post(
    "/keys/{key_id}/rotate",
    operation_id="rotate_key",
    summary="Replace an API key",
    status_code=201,
    response_model=KeyWithSecret,
    dependencies=[Depends(_json_if_any)],
    responses={**_MADE, **responses(404, 409, 413, 415)},
)
def rotate_key(
    key_id: KeyId,
    caller: Caller,
    shown_once: ShownOnce,
    rotation: Annotated[KeyRotation, Body(default_factory=KeyRotation, openapi_examples=ROTATION_EXAMPLES)],
) -> Response:
    """Make a key like this one, which ends now or after an overlap. Any key can replace itself.

    The new key is in this answer only; for Idempotency-Key see "Make an API key".
    """
    overlap = timedelta(seconds=rotation.overlap_seconds)
    return shown_once(lambda session: key_management.rotate(session, caller, key_id, overlap, rotation.expires_at))


@router.post(
    "/keys/{key_id}/revoke",
    operation_id="revoke_key",
    summary="Revoke an API key",
    response_model=Key,
    responses={200: {"description": "The key as it is now.", "headers": REPLAYED}, **responses(404)},
)
def revoke_key(key_id: KeyId, caller: Caller, once: Once) -> Response:
    """The key is refused from the next request on. Any key can revoke itself. Safe to repeat."""
    return once(lambda session: Answer(200, key_management.revoke(session, caller, key_id)))
