"""Routes of sessions: a browser signs in with an API key and keeps a cookie that scripts cannot read."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from sqlalchemy.orm import Session as StoreSession

from ayla_service.errors import NotAuthenticated
from ayla_service.http import session_cookie
from ayla_service.http.about import NO_KEY
from ayla_service.http.authorization import Caller
from ayla_service.http.dependencies import Store, submitted_json
from ayla_service.http.examples import SIGN_IN_EXAMPLES
from ayla_service.http.problems import responses
from ayla_service.teams import sessions
from ayla_service.teams.keys import expiry_of
from ayla_service.teams.principal import Principal
from ayla_service.teams.schemas import Session, SessionKind, SignIn
from ayla_service.teams.tokens import digest_of

PATH = "/session"

MOST_BODY_BYTES = 4096
"""Of a request to sign in: it comes from anybody."""

router = APIRouter(tags=["sessions"])
sign_in_router = APIRouter(tags=["sessions"])

_COOKIE = {
    "Set-Cookie": {
        "description": "The session; HttpOnly, SameSite=Strict, and Secure over https. Its name holds the port.",
        "schema": {"type": "string"},
    }
}


async def _holder(request: Request, sign_in: Annotated[SignIn, Body(openapi_examples=SIGN_IN_EXAMPLES)]) -> Principal:
    holder_of: Callable[[str], Awaitable[Principal]] = request.state.holder_of
    return await holder_of(sign_in.key.strip())


@sign_in_router.post(
    PATH,
    operation_id="sign_in",
    summary="Sign a browser in",
    status_code=201,
    dependencies=[Depends(submitted_json)],
    responses={201: {"description": "The session that has begun.", "headers": _COOKIE}, **responses(401, 409, 413)},
    openapi_extra=NO_KEY,
)
def sign_in(
    request: Request, response: Response, holder: Annotated[Principal, Depends(_holder)], store: Store
) -> Session:
    """For the dashboard and other pages that the service itself serves; programs send their key with each request.

    The cookie of the answer stands for the key, for 12 hours at most: with what the key may do at that moment, and
    ended with it. Where a request has an API key in its header too, that counts. Requests by cookie that could change
    something are taken from the service's own pages alone, which their Origin has to say.
    """
    assert holder.key_id is not None  # noqa: S101  # it was let in by a key
    with store.write() as session:
        _end_earlier(request, session)
        new = sessions.begin(session, holder.key_id)
    session_cookie.set_token(request, response, new.token)
    response.headers["Cache-Control"] = "no-store"
    return Session(kind=SessionKind.SESSION, scopes=sorted(holder.scopes), expires_at=new.expires_at)


@router.get(PATH, operation_id="get_session", summary="See how you are let in")
def get_session(caller: Caller, response: Response, store: Store) -> Session:
    """What lets the request in: a session, an API key, or neither, where the service has no keys yet.

    Pages ask this to find out whether somebody has to sign in; it needs no scope.
    """
    response.headers["Cache-Control"] = "no-store"
    with store.read() as session:
        kind, expires_at = SessionKind.OPEN, None
        if caller.session is not None:
            kind, expires_at = SessionKind.SESSION, sessions.expiry_of(session, caller.session)
        elif caller.key_id is not None:
            kind, expires_at = SessionKind.KEY, expiry_of(session, caller.key_id)
    return Session(kind=kind, scopes=sorted(caller.scopes), expires_at=expires_at)


@router.delete(PATH, operation_id="sign_out", summary="Sign a browser out", status_code=204)
def sign_out(request: Request, response: Response, caller: Caller, store: Store) -> None:
    """End the session of the request: it is refused from now on, and its streams end. The key goes on."""
    if caller.session is not None:
        with store.write() as session:
            sessions.end(session, caller.session)
    session_cookie.drop_token(request, response)


def _end_earlier(request: Request, session: StoreSession) -> None:
    """End the session that the browser had: whoever signs in again leaves none behind."""
    try:
        earlier = session_cookie.token_of(request)
    except NotAuthenticated:
        return
    if earlier is not None:
        sessions.end(session, digest_of(earlier))
