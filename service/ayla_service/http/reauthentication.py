"""Asks again whether a request may go on, if it takes long: its key may have ended, and its member's role changed.

A request is asked about when its body has come, before its answer begins, and now and then while either is on its way.
Streams of events are not: whoever feeds them asks by itself, and tells their end.
"""

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ayla_service.errors import ServiceError
from ayla_service.http.authorization import Admission
from ayla_service.http.error_handlers import problem_of

AT_ONCE_SECONDS = 1.0
"""What a request may take without being asked about again."""

_EVENTS = "text/event-stream"

log = structlog.get_logger("ayla_service.api")


class _RefusedMeanwhileError(Exception):
    """A request may not go on; not one of the errors that routes can end in, as these are answered further inside."""

    def __init__(self, reason: ServiceError | SQLAlchemyError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Readmitting:
    """Serves one request, as long as it may go on.

    Args:
        app: what answers it.
        admission: that it was let in.
        seconds: between two looks, while a body or an answer is on its way.
    """

    def __init__(self, app: ASGIApp, admission: Admission, seconds: float) -> None:
        self._app = app
        self._admission = admission
        self._seconds = seconds
        self._has_body = False
        self._has_begun = False
        self._is_told_otherwise = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it; an answer that has begun is cut off, which is all that tells its client."""

        async def receive_if_allowed() -> Message:
            message = await receive()
            self._has_body = self._has_body or bool(message.get("body"))
            # Where there is none, or no more, this is only how one learns that the client has gone.
            is_of_body = self._has_body and message["type"] == "http.request"
            if is_of_body and self._is_due(last=not message.get("more_body", False)):
                await self._admission.renew()
            return message

        async def send_if_allowed(message: Message) -> None:
            await self._look(message)
            await send(message)

        try:
            await self._app(scope, receive_if_allowed, send_if_allowed)
        except _RefusedMeanwhileError as refused:
            if self._has_begun:
                log.warning("an answer was cut off, as its key or role does not allow it any more", path=scope["path"])
            else:
                await (await problem_of(Request(scope), refused.reason))(scope, receive, send)

    async def _look(self, message: Message) -> None:
        """Look whether this may be sent."""
        begins = message["type"] == "http.response.start"
        if begins:
            media_type = Headers(raw=message.get("headers", [])).get("content-type", "")
            # What is refused tells nothing.
            self._is_told_otherwise = message["status"] >= 400 or media_type.startswith(_EVENTS)
        if not self._is_told_otherwise and self._is_due(last=begins):
            try:
                await self._admission.renew()
            except (ServiceError, SQLAlchemyError) as error:
                raise _RefusedMeanwhileError(error) from error
        self._has_begun = True

    def _is_due(self, *, last: bool) -> bool:
        """Whether it was asked long ago; ``last`` is before something happens that cannot be taken back."""
        return time.monotonic() - self._admission.at >= (min(AT_ONCE_SECONDS, self._seconds) if last else self._seconds)
