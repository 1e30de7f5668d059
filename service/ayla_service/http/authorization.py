"""Authorization: the caller of a route, and the scopes that the route needs; checked again if a request takes long."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from ayla_service.errors import NotAllowed
from ayla_service.teams.principal import Principal, Scope

_bearer = HTTPBearer(
    scheme_name="ApiKey",
    bearerFormat="ayla_…",
    description="An API key of a member of a team. A service that has no keys yet, and listens on the loopback address "
    "alone, needs none.",
    auto_error=False,
)


class RequestAuthorization:
    """Authorization of one request, which can be checked again while it is under way.

    Keys end and roles change while a body comes, a job is waited for or a download is taken.

    Args:
        principal: the caller.
        look_up: the caller as it is now; raises if it would be refused now.

    Attributes:
        principal: the caller, as it was found last.
        checked_at: when that was, in seconds of the monotonic clock.
    """

    def __init__(self, principal: Principal, look_up: Callable[[Principal], Awaitable[Principal]]) -> None:
        self.principal = principal
        self.checked_at = time.monotonic()
        self._look_up = look_up
        self._needed: list[Scope] = []

    def require(self, *scopes: Scope) -> None:
        """Note the scopes that the caller has to have whenever the request is checked again."""
        self._needed += scopes

    async def renew(self) -> Principal:
        """Check the request again; returns the caller as it is now.

        Raises:
            NotAuthenticated: if it would be refused now.
            NotAllowed: if the caller has lost a scope that the request needs.
        """
        self.principal = await self._look_up(self.principal)
        self.checked_at = time.monotonic()
        for scope in self._needed:
            require_scope(scope, self.principal)
        return self.principal


def require_scope(scope: Scope, caller: Principal) -> Principal:
    """The caller, if it has a scope.

    Raises:
        NotAllowed: if it does not have it.
    """
    if scope not in caller.scopes:
        has = ", ".join(sorted(caller.scopes)) or "none"
        raise NotAllowed(
            f"This needs the scope '{scope}'; the key has {has}, and its member is {caller.role} of the team."
        )
    return caller


async def authenticate(request: Request, _: Annotated[object, Security(_bearer)]) -> Principal:
    """The caller, as ``AuthenticationMiddleware`` has found it; the security scheme here is for the contract."""
    return _authorization(request).principal


def _authorization(request: Request) -> RequestAuthorization:
    authorization: RequestAuthorization = request.state.authorization
    return authorization


Caller = Annotated[Principal, Depends(authenticate)]
"""The caller, whoever it is."""


async def _reader(request: Request, caller: Caller) -> Principal:
    return _requiring(request, caller, Scope.READ)


async def _submitter(request: Request, caller: Caller) -> Principal:
    return _requiring(request, caller, Scope.SUBMIT)


async def _steerer(request: Request, caller: Caller) -> Principal:
    return _requiring(request, caller, Scope.SUBMIT, Scope.READ)


async def _admin(request: Request, caller: Caller) -> Principal:
    return _requiring(request, caller, Scope.ADMIN)


def _requiring(request: Request, caller: Principal, *scopes: Scope) -> Principal:
    _authorization(request).require(*scopes)
    for scope in scopes:
        require_scope(scope, caller)
    return caller


Reader = Annotated[Principal, Depends(_reader)]
"""The caller, who may look at what the team has."""

Submitter = Annotated[Principal, Depends(_submitter)]
"""The caller, who may also put jobs on the queue; it is answered with nothing that was there before."""

Steerer = Annotated[Principal, Depends(_steerer)]
"""The caller, who may change what there is and be answered with it, so it has to be one who may look as well."""

Admin = Annotated[Principal, Depends(_admin)]
"""The caller, who may also look after the team: its members, keys, limits and queue."""
