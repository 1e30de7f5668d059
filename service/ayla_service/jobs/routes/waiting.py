"""The header ``Prefer: wait=N`` (RFC 7240): an answer that is sent when jobs have ended, or after N seconds."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import Depends, Header, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ayla_service.http.authorization import RequestAuthorization
from ayla_service.streams.hub import Hub
from ayla_service.teams.principal import Principal

MOST_SECONDS = 60

_WAIT = re.compile(r'\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?', re.IGNORECASE)

APPLIED: dict[str, Any] = {
    "Preference-Applied": {
        "description": "'wait=N' if the answer was to wait for the end of the job, N seconds at most.",
        "schema": {"type": "string"},
    }
}
"""Header of answers that can wait, for the contract."""


def wanted_seconds(headers: Collection[str]) -> int:
    """How long the client wants to wait, 0 for not at all; a preference that makes no sense is none (RFC 7240)."""
    preferences = [part for header in headers for part in header.split(",")]
    found = next((match for match in map(_WAIT.fullmatch, preferences) if match), None)
    return 0 if found is None else min(int(found[1]), MOST_SECONDS)


@dataclass(frozen=True, slots=True)
class PreferWait:
    """The preference of a client that waits for the end of jobs.

    Attributes:
        hub: notices when jobs have ended.
        seconds: 0 for not at all.
    """

    hub: Hub
    seconds: int

    def until_ended(
        self, caller: Principal, job_ids: Collection[str], now: Response, then: Callable[[bool], Response]
    ) -> Response:
        """The response to a client that may wait for the end of jobs.

        Args:
            caller: who waits.
            job_ids: the jobs.
            now: the response if it does not wait, or cannot.
            then: makes the response after the wait; its argument says whether all of the jobs have ended.
        """
        return _DeferredResponse(self, caller, job_ids, now, then) if self.seconds else now


class _DeferredResponse(Response):
    """A response that waits for the end of jobs before it is made; no thread waits with it."""

    def __init__(
        self,
        wait: PreferWait,
        caller: Principal,
        job_ids: Collection[str],
        now: Response,
        then: Callable[[bool], Response],
    ) -> None:
        super().__init__()
        self._hub = wait.hub
        self._seconds = wait.seconds
        self._caller = caller
        self._job_ids = job_ids
        self._now = now
        self._then = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, if whoever sent it may still be answered when the waiting is over.

        Raises:
            NotAuthenticated: if not: its key has ended.
            NotAllowed: if its role or scopes do not let it any more.
        """
        if not self._hub.can_open(self._caller.member_id):
            await self._now(scope, receive, send)
            return
        ended = await self._wait(receive)
        if ended is None:
            return
        authorization: RequestAuthorization = scope["state"]["authorization"]
        await authorization.renew()
        response = await run_sync(self._then, ended)
        response.headers["Preference-Applied"] = f"wait={self._seconds}"
        await response(scope, receive, send)

    async def _wait(self, receive: Receive) -> bool | None:
        """Whether the jobs have ended in time; None if the client has gone."""
        ended: bool | None = None

        async def until_disconnected() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(until_disconnected)
            ended = await self._hub.wait_for_end(self._caller.member_id, self._job_ids, self._seconds)
            group.cancel_scope.cancel()
        return ended


async def _prefer_wait(
    request: Request,
    _: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description=f"wait=N: answer when the job has ended, or after N seconds (1 to {MOST_SECONDS}, more counts "
            f"as {MOST_SECONDS}). Anything else is ignored.",
        ),
    ] = None,
) -> PreferWait:
    # It may stand several times. To the contract it is a text, as generators of clients know no lists in headers.
    seconds = wanted_seconds(request.headers.getlist("prefer"))
    if seconds:
        await request.body()  # what is received after it is only that the client has gone
    return PreferWait(request.app.state.events, seconds)


Waiting = Annotated[PreferWait, Depends(_prefer_wait)]
