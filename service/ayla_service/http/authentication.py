"""Authentication middleware: checks the API key of a request and the rate limit, before anything else of it is read.

It stands in front of the routes, so that a request that is refused costs no reading of a body.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.errors import NotAuthenticated, NothingToSignIn, RateLimited, ServiceError
from ayla_service.http import session_cookie
from ayla_service.http.authorization import RequestAuthorization
from ayla_service.http.error_handlers import problem_of
from ayla_service.http.rate_limits import RateLimitPolicy, TokenBuckets, client_network
from ayla_service.http.reauthentication import Reauthenticator
from ayla_service.settings import Settings
from ayla_service.teams.keys import FIRST_KEY_COMMAND, KeyVerifier
from ayla_service.teams.principal import LOCAL, Principal
from ayla_service.teams.tokens import digest_of

DEFAULT_PER_MINUTE = 6000
"""Default rate limit of a key, in requests per minute."""

WRONG_KEYS = RateLimitPolicy(per_minute=60, burst=60)
"""Rate limit of invalid keys from one address."""

ENDED_SESSIONS = RateLimitPolicy(per_minute=600, burst=600)
"""Rate limit of requests with sessions that have ended, from one address: browsers with open pages send several."""

_NO_LIMIT = RateLimitPolicy(per_minute=1, burst=1)
_LOOK_UPS_AT_ONCE = 8
_FORWARDED_FOR = re.compile(r"\bfor\s*=\s*\"?([^\";,\s]+)", re.IGNORECASE)
_CLIENT_LISTS = ("x-forwarded-for", "x-real-ip")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The principal of a request, and the rate limit headers that every answer to it has."""

    principal: Principal
    headers: Mapping[str, str]


class AuthenticationMiddleware:
    """Authenticates requests under a prefix, notes the authorization with each, and refuses all others.

    Args:
        app: the application behind it.
        prefix: of the paths that need authentication.
        sign_in: method and path of the request that shows its key in its body, to begin a session.
        settings: of this process.
    """

    def __init__(self, app: ASGIApp, prefix: str, sign_in: tuple[str, str], settings: Settings) -> None:
        self._app = app
        self._prefix = prefix
        self._sign_in = sign_in
        self._authenticator = Authenticator(settings)
        self._recheck_seconds = settings.stream_recheck_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self._prefix}/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if (scope["method"], scope["path"]) == self._sign_in:
            request.state.holder_of = partial(self._authenticator.sign_in, request)
            await self._app(scope, receive, send)
            return
        try:
            authenticated = await self._authenticator.authenticate(request)
        except (ServiceError, SQLAlchemyError) as error:
            await (await problem_of(request, error))(scope, receive, send)
            return
        authorization = RequestAuthorization(authenticated.principal, self._authenticator.look_up_again(request))
        request.state.authorization = authorization
        reauthenticator = Reauthenticator(self._app, authorization, self._recheck_seconds)
        await reauthenticator(scope, receive, _with_headers(authenticated.headers, send))


class Authenticator:
    """Finds the principal of a request, and counts requests against the rate limits.

    A key in the Authorization header goes before the cookie of a session. A key or session that was valid lately is
    looked up whatever else comes from its address; any other only until too many invalid ones have come from there. So
    colleagues behind the same proxy as somebody who guesses keys, or whose program has an old one, can go on.
    """

    def __init__(self, settings: Settings) -> None:
        self._keys = _RateLimiter.of(settings, DEFAULT_PER_MINUTE)
        self._addresses = _RateLimiter.of(settings, 0)
        self._wrong = TokenBuckets(WRONG_KEYS)
        self._sessions = _RateLimiter(None)
        self._ended = TokenBuckets(ENDED_SESSIONS)
        self._look_ups = anyio.CapacityLimiter(_LOOK_UPS_AT_ONCE)

    async def authenticate(self, request: Request) -> Authenticated:
        """The principal of a request.

        Raises:
            NotAuthenticated: if a key is needed and there is neither one nor a session that is valid.
            CrossSiteSession: if the page of another origin uses the session of a browser.
            RateLimited: if there were too many requests, or too many wrong keys from this address.
        """
        keys: KeyVerifier = request.app.state.keys
        network = client_network(request.client and request.client.host)
        if await self._is_open(keys):
            return self._local(request, network)
        key = _key_of(request)
        if key is not None:
            return await self._holder(keys, key, network)
        token = session_cookie.token_of(request)
        if token is None:
            raise NotAuthenticated("This service needs an API key: send it as 'Authorization: Bearer ayla_…'.")
        session_cookie.require_own_page(request)
        return await self._signed_in(keys, digest_of(token), network)

    async def sign_in(self, request: Request, key: str) -> Principal:
        """The principal of a key that a request has in its body.

        Raises:
            NotAuthenticated: if it is not valid.
            NothingToSignIn: if the service needs none.
            RateLimited: as for every request.
        """
        keys: KeyVerifier = request.app.state.keys
        if await self._is_open(keys):
            raise NothingToSignIn
        network = client_network(request.client and request.client.host)
        return (await self._holder(keys, key, network)).principal

    def look_up_again(self, request: Request) -> Callable[[Principal], Awaitable[Principal]]:
        """A function that looks up what the principal of this request may do by now."""
        keys: KeyVerifier = request.app.state.keys

        async def look_up(principal: Principal) -> Principal:
            return await self._in_thread(lambda: keys.reauthenticated(principal))

        return look_up

    async def _is_open(self, keys: KeyVerifier) -> bool:
        return keys.is_known_open or (not keys.is_known_closed and await self._in_thread(keys.is_open))

    def _local(self, request: Request, network: str) -> Authenticated:
        if _is_forwarded(request.headers):
            raise NotAuthenticated(
                "This service has no API keys yet, so it serves its own machine only, and a proxy says that this "
                f"request comes from another. Make the first key there: {FIRST_KEY_COMMAND}"
            )
        return Authenticated(LOCAL, self._addresses.count(network))

    async def _holder(self, keys: KeyVerifier, key: str, network: str) -> Authenticated:
        digest = digest_of(key)
        is_known = self._keys.knows(digest)
        headers = self._keys.count(digest) if is_known else {}
        if not is_known:
            _refuse_guessing(self._wrong, network)
        try:
            principal = await self._in_thread(lambda: keys.principal(key))
        except NotAuthenticated:
            self._keys.forget(digest)
            self._wrong.take(network)
            raise
        return Authenticated(principal, headers if is_known else self._keys.count(digest))

    async def _signed_in(self, keys: KeyVerifier, digest: str, network: str) -> Authenticated:
        """The caller by a session; its requests count as those of the key that it stands for."""
        if not self._sessions.knows(digest):
            _refuse_guessing(self._ended, network)
        try:
            principal, key_digest = await self._in_thread(lambda: keys.signed_in(digest))
        except NotAuthenticated:
            self._sessions.forget(digest)
            self._ended.take(network)
            raise
        self._sessions.count(digest)
        return Authenticated(principal, self._keys.count(key_digest))

    async def _in_thread(self, look_up: Callable[[], Result]) -> Result:
        """Run in threads of their own: a request that is to be refused must not wait for those that work."""
        return await run_sync(look_up, limiter=self._look_ups)


class _RateLimiter:
    """Rate limit by key or address; without a policy it only remembers which ones it has seen."""

    def __init__(self, policy: RateLimitPolicy | None) -> None:
        self._limits = policy is not None
        self._buckets = TokenBuckets(policy or _NO_LIMIT)

    @classmethod
    def of(cls, settings: Settings, default: int) -> "_RateLimiter":
        """The limit of the settings, or ``default`` requests in a minute where they have none; 0: any number."""
        per_minute = default if settings.rate_limit_per_minute is None else settings.rate_limit_per_minute
        return cls(RateLimitPolicy(per_minute, settings.rate_limit_burst or per_minute) if per_minute else None)

    def knows(self, name: str) -> bool:
        """Whether requests of this key or address were counted, and not forgotten."""
        return name in self._buckets

    def forget(self, name: str) -> None:
        """Forget a key or address."""
        self._buckets.forget(name)

    def count(self, name: str) -> Mapping[str, str]:
        """Count a request; returns the rate limit headers.

        Raises:
            RateLimited: if it is one too many.
        """
        bucket = self._buckets.take(name)
        if not self._limits:
            return {}
        if not bucket.allowed:
            policy = bucket.policy
            raise RateLimited(
                f"More than {policy.burst} requests at once, or {policy.per_minute} in a minute; try again after "
                f"{bucket.retry_after} s.",
                bucket.retry_after,
                bucket.headers,
            )
        return bucket.headers


def _refuse_guessing(wrong: TokenBuckets, network: str) -> None:
    bucket = wrong.peek(network)
    if not bucket.allowed:
        raise RateLimited(
            "Too many wrong API keys have come from this address; try again in a moment, with the right one.",
            bucket.retry_after,
        )


def _key_of(request: Request) -> str | None:
    """The API key of a request; None if it has none.

    Raises:
        NotAuthenticated: if the Authorization header is not of the form that carries one.
    """
    headers = request.headers.getlist("authorization")
    if not headers:
        return None
    scheme, _, key = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not key.strip():
        raise NotAuthenticated("The Authorization header is not 'Bearer ayla_…'; send it once, in this form.")
    return key.strip()


def _with_headers(headers: Mapping[str, str], send: Send) -> Send:
    """``send`` that adds headers to the answer."""
    if not headers:
        return send

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers


def _is_forwarded(headers: Headers) -> bool:
    """Whether a proxy's header names a client that is not this machine, or cannot be read.

    A proxy need not send such a header, so its absence proves nothing.
    """
    return not all(_is_loopback(address) for address in _clients(headers))


def _clients(headers: Headers) -> Iterator[str]:
    for name in _CLIENT_LISTS:
        for line in headers.getlist(name):
            yield from (part.strip() for part in line.split(",") if part.strip())
    for line in headers.getlist("forwarded"):
        yield from _FORWARDED_FOR.findall(line)


def _is_loopback(text: str) -> bool:
    """Whether this is a loopback address; either kind may have a port."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::\d+)?", text)
    host = bracketed[1] if bracketed else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
