"""Decides who may go on before anything else of a request is looked at: its key, and how many requests there were.

In front of the routes, so that whoever is refused costs no reading of a body.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.errors import NotAuthenticated, RateLimited, ServiceError
from ayla_service.http.authorization import Admission
from ayla_service.http.error_handlers import problem_of
from ayla_service.http.forwarded import is_from_elsewhere
from ayla_service.http.rate_limits import Buckets, Policy, place_of
from ayla_service.http.reauthentication import Readmitting
from ayla_service.settings import Settings
from ayla_service.teams.keys import FIRST_KEY_COMMAND, KeyRing, digest_of
from ayla_service.teams.principal import LOCAL, Principal

DEFAULT_PER_MINUTE = 6000
"""Requests of a key in a minute, where the settings say nothing."""

WRONG_KEYS = Policy(per_minute=60, burst=60)
"""Keys that are none, from one address."""

_NO_LIMIT = Policy(per_minute=1, burst=1)
_LOOK_UPS_AT_ONCE = 8

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who a request comes from, and the headers that every answer to it has."""

    principal: Principal
    headers: Mapping[str, str]


class AdmissionMiddleware:
    """Admits requests under a prefix, notes with each who it comes from, and answers all others itself.

    Args:
        app: what is protected.
        prefix: of the paths that are.
        settings: of this process.
    """

    def __init__(self, app: ASGIApp, prefix: str, settings: Settings) -> None:
        self._app = app
        self._prefix = prefix
        self._doorman = Doorman(settings)
        self._recheck_seconds = settings.stream_recheck_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self._prefix}/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            admitted = await self._doorman.admit(request)
        except (ServiceError, SQLAlchemyError) as error:
            await (await problem_of(request, error))(scope, receive, send)
            return
        admission = Admission(admitted.principal, self._doorman.still(request))
        request.state.admission = admission
        await Readmitting(self._app, admission, self._recheck_seconds)(scope, receive, _adding(admitted.headers, send))


class Doorman:
    """Recognises who a request comes from, and counts.

    A key that was good lately is looked up whatever else comes from its address; any other only as long as not too
    many wrong ones have. So colleagues behind the same proxy as somebody who guesses, or whose program has an old key,
    can go on.
    """

    def __init__(self, settings: Settings) -> None:
        self._keys = _Counter.of(settings, DEFAULT_PER_MINUTE)
        self._addresses = _Counter.of(settings, 0)
        self._wrong = Buckets(WRONG_KEYS)
        self._look_ups = anyio.CapacityLimiter(_LOOK_UPS_AT_ONCE)

    async def admit(self, request: Request) -> Admitted:
        """Who the request comes from.

        Raises:
            NotAuthenticated: if a key is needed and there is none that is valid.
            RateLimited: if there were too many requests, or too many wrong keys from this address.
        """
        ring: KeyRing = request.app.state.keys
        place = place_of(request.client and request.client.host)
        is_open = ring.is_surely_open or (not ring.is_surely_closed and await self._apart(ring.is_open))
        if is_open:
            return self._local(request, place)
        key = _key_of(request)
        if key is None:
            raise NotAuthenticated("This service needs an API key: send it as 'Authorization: Bearer ayla_…'.")
        return await self._holder(ring, key, place)

    def still(self, request: Request) -> Callable[[Principal], Awaitable[Principal]]:
        """What tells who somebody is now that was let in with this request."""
        ring: KeyRing = request.app.state.keys

        async def look_up(principal: Principal) -> Principal:
            return await self._apart(lambda: ring.still(principal))

        return look_up

    def _local(self, request: Request, place: str) -> Admitted:
        if is_from_elsewhere(request.headers):
            raise NotAuthenticated(
                "This service has no API keys yet, so it serves its own machine only, and a proxy says that this "
                f"request comes from another. Make the first key there: {FIRST_KEY_COMMAND}"
            )
        return Admitted(LOCAL, self._addresses.count(place))

    async def _holder(self, ring: KeyRing, key: str, place: str) -> Admitted:
        name = digest_of(key)
        is_known = self._keys.knows(name)
        headers = self._keys.count(name) if is_known else {}
        if not is_known:
            self._refuse_guessing(place)
        try:
            principal = await self._apart(lambda: ring.principal(key))
        except NotAuthenticated:
            self._keys.forget(name)
            self._wrong.take(place)
            raise
        return Admitted(principal, headers if is_known else self._keys.count(name))

    def _refuse_guessing(self, place: str) -> None:
        standing = self._wrong.look(place)
        if not standing.allowed:
            raise RateLimited(
                "Too many wrong API keys have come from this address; try again in a moment, with the right one.",
                standing.retry_after,
            )

    async def _apart(self, look_up: Callable[[], Result]) -> Result:
        """In threads of their own: who is to be refused must not wait for those who work."""
        return await run_sync(look_up, limiter=self._look_ups)


class _Counter:
    """Counts requests by who sends them; without a policy it only remembers whom it has seen."""

    def __init__(self, policy: Policy | None) -> None:
        self._limits = policy is not None
        self._buckets = Buckets(policy or _NO_LIMIT)

    @classmethod
    def of(cls, settings: Settings, default: int) -> "_Counter":
        """As the settings say; where they do not, so many in a minute, or with 0 any number."""
        per_minute = default if settings.rate_limit_per_minute is None else settings.rate_limit_per_minute
        return cls(Policy(per_minute, settings.rate_limit_burst or per_minute) if per_minute else None)

    def knows(self, name: str) -> bool:
        """Whether it has counted this name, and not forgotten it."""
        return name in self._buckets

    def forget(self, name: str) -> None:
        """Forget a name."""
        self._buckets.forget(name)

    def count(self, name: str) -> Mapping[str, str]:
        """Count a request; returns the headers that tell how it stands.

        Raises:
            RateLimited: if it is one too many.
        """
        standing = self._buckets.take(name)
        if not self._limits:
            return {}
        if not standing.allowed:
            policy = standing.policy
            raise RateLimited(
                f"More than {policy.burst} requests at once, or {policy.per_minute} in a minute; try again after "
                f"{standing.retry_after} s.",
                standing.retry_after,
                standing.headers,
            )
        return standing.headers


def _key_of(request: Request) -> str | None:
    """The key that the request shows.

    Raises:
        NotAuthenticated: if it is shown in a way that cannot be right.
    """
    headers = request.headers.getlist("authorization")
    if not headers:
        return None
    scheme, _, key = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not key.strip():
        raise NotAuthenticated("The Authorization header is not 'Bearer ayla_…'; send it once, in this form.")
    return key.strip()


def _adding(headers: Mapping[str, str], send: Send) -> Send:
    """``send``, which adds headers to the answer."""
    if not headers:
        return send

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers
