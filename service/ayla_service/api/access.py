"""Who calls, and whether the caller may: what every route under /v1 asks first."""

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


async def authenticate(request: Request, _: Annotated[object, Security(_bearer)]) -> Principal:
    """Who calls, as ``AdmissionMiddleware`` has found out before; what stands here is for the contract."""
    principal: Principal = request.state.principal
    return principal


Caller = Annotated[Principal, Depends(authenticate)]


async def _reader(caller: Caller) -> Principal:
    return _holding(Scope.READ, caller)


async def _submitter(caller: Caller) -> Principal:
    return _holding(Scope.SUBMIT, caller)


async def _admin(caller: Caller) -> Principal:
    return _holding(Scope.ADMIN, caller)


def _holding(scope: Scope, caller: Principal) -> Principal:
    if scope not in caller.scopes:
        has = ", ".join(sorted(caller.scopes)) or "none"
        raise NotAllowed(
            f"This needs the scope '{scope}'; the key has {has}, and its member is {caller.role} of the team."
        )
    return caller


Reader = Annotated[Principal, Depends(_reader)]
"""The caller, who may look at what the team has."""

Submitter = Annotated[Principal, Depends(_submitter)]
"""The caller, who may also put jobs on the queue and steer them."""

Admin = Annotated[Principal, Depends(_admin)]
"""The caller, who may also look after the team: its members, keys, limits and queue."""
