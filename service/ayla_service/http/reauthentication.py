"""Reauthentication: a request that takes long is checked again, as its key may have ended or its member's role changed.

It is checked when its body has come, before its answer begins, and at intervals while either is under way. Streams of
events are not: their feeds check by themselves, and send the reason with the end.
"""

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.errors import ServiceError
from ayla_service.http.authorization import RequestAuthorization
from ayla_service.http.error_handlers import problem_of

AT_ONCE_SECONDS = 1.0
"""How long a request may take without being checked again."""

_EVENTS = "text/event-stream"

log = structlog.get_logger("ayla_service.api")


class _AuthorizationLost(Exception):
    """The check has failed; not one of the errors that routes raise, as those are answered further inside."""

    def __init__(self, reason: ServiceError | SQLAlchemyError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Reauthenticator:
    """Serves one request, and checks its authorization again while it is under way.

    Args:
        app: the application that answers it.
        authorization: of the request.
        seconds: between two checks, while a body or an answer is under way.
    """

    def __init__(self, app: ASGIApp, authorization: RequestAuthorization, seconds: float) -> None:
        self._app = app
        self._authorization = authorization
        self._seconds = seconds
        self._has_body = False
        self._has_begun = False
        self._is_exempt = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it; an answer that has begun is cut off when the check fails, as its status is sent already."""

        async def receive_if_allowed() -> Message:
            message = await receive()
            self._has_body = self._has_body or bool(message.get("body"))
            # Where there is none, or no more, this is only how one learns that the client has gone.
            is_of_body = self._has_body and message["type"] == "http.request"
            if is_of_body and self._is_due(last=not message.get("more_body", False)):
                await self._authorization.renew()
            return message

        async def send_if_allowed(message: Message) -> None:
            await self._check(message)
            await send(message)

        try:
            await self._app(scope, receive_if_allowed, send_if_allowed)
        except _AuthorizationLost as refused:
            if self._has_begun:
                log.warning("an answer was cut off, as its key or role does not allow it any more", path=scope["path"])
            else:
                await (await problem_of(Request(scope), refused.reason))(scope, receive, send)

    async def _check(self, message: Message) -> None:
        """Check whether this message may be sent."""
        begins = message["type"] == "http.response.start"
        if begins:
            media_type = Headers(raw=message.get("headers", [])).get("content-type", "")
            # A refusal gives nothing away.
            self._is_exempt = message["status"] >= 400 or media_type.startswith(_EVENTS)
        if not self._is_exempt and self._is_due(last=begins):
            try:
                await self._authorization.renew()
            except (ServiceError, SQLAlchemyError) as error:
                raise _AuthorizationLost(error) from error
        self._has_begun = True

    def _is_due(self, *, last: bool) -> bool:
        """Whether the last check is too old; ``last``: before a step that cannot be taken back."""
        return time.monotonic() - self._authorization.checked_at >= (
            min(AT_ONCE_SECONDS, self._seconds) if last else self._seconds
        )
