"""Who calls, and whether the caller may: what every route under /v1 asks first, and again if it takes long."""

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


class Admission:
    """That a request was let in, and how to find out whether it still would be.

    Keys end and roles change while a body comes, a job is waited for or a download is taken.

    Args:
        principal: who the request comes from.
        look_up: who that is now; raises if it would not be let in any more.

    Attributes:
        principal: who the request comes from, as far as is known.
        at: when that was found out, in seconds of the monotonic clock.
    """

    def __init__(self, principal: Principal, look_up: Callable[[Principal], Awaitable[Principal]]) -> None:
        self.principal = principal
        self.at = time.monotonic()
        self._look_up = look_up
        self._needed: list[Scope] = []

    def need(self, *scopes: Scope) -> None:
        """Note that the request needs these scopes to go on."""
        self._needed += scopes

    async def renew(self) -> Principal:
        """Find out anew who the request comes from, and whether it may do what it does.

        Raises:
            NotAuthenticated: if it would not be let in now.
            NotAllowed: if it has not the scopes any more that it needed.
        """
        self.principal = await self._look_up(self.principal)
        self.at = time.monotonic()
        for scope in self._needed:
            holding(scope, self.principal)
        return self.principal


def holding(scope: Scope, caller: Principal) -> Principal:
    """The caller, who has a scope.

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
    """Who calls, as ``AdmissionMiddleware`` has found out before; what stands here is for the contract."""
    admission: Admission = request.state.admission
    return admission.principal


Caller = Annotated[Principal, Depends(authenticate)]
"""The caller, whoever it is."""


async def _reader(request: Request, caller: Caller) -> Principal:
    return _needing(request, caller, Scope.READ)


async def _submitter(request: Request, caller: Caller) -> Principal:
    return _needing(request, caller, Scope.SUBMIT)


async def _steerer(request: Request, caller: Caller) -> Principal:
    return _needing(request, caller, Scope.SUBMIT, Scope.READ)


async def _admin(request: Request, caller: Caller) -> Principal:
    return _needing(request, caller, Scope.ADMIN)


def _needing(request: Request, caller: Principal, *scopes: Scope) -> Principal:
    admission: Admission = request.state.admission
    admission.need(*scopes)
    for scope in scopes:
        holding(scope, caller)
    return caller


Reader = Annotated[Principal, Depends(_reader)]
"""The caller, who may look at what the team has."""

Submitter = Annotated[Principal, Depends(_submitter)]
"""The caller, who may also put jobs on the queue; it is answered with nothing that was there before."""

Steerer = Annotated[Principal, Depends(_steerer)]
"""The caller, who may change what there is and be answered with it, so it has to be one who may look as well."""

Admin = Annotated[Principal, Depends(_admin)]
"""The caller, who may also look after the team: its members, keys, limits and queue."""
