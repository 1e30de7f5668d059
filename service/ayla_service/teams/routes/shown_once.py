"""POST requests that are answered with a new API key, which is shown once and never stored.

Under an Idempotency-Key such a request is done once all the same. A repeated one makes no second key and cannot be
answered with the first, but names its id.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from ayla_service.db.session import Database, store_now
from ayla_service.errors import KeyAlreadyShown
from ayla_service.http.idempotency import Answer, request_key, response_of
from ayla_service.idempotency import RequestKey, StoredAnswer, begin, store
from ayla_service.teams.schemas import KeyWithSecret

_CONFLICT = 409


class ShownOnceUnit:
    """Unit of work that makes an API key, which only the answer to the first request shows."""

    def __init__(self, database: Database, request: RequestKey | None) -> None:
        self._database = database
        self._request = request

    def __call__(self, make: Callable[[Session], KeyWithSecret]) -> Response:
        """The answer with the key that ``make`` makes.

        Raises:
            KeyAlreadyShown: if an earlier request with the same Idempotency-Key has made it.
            IdempotencyKeyReused: if something else was asked with that before.
        """
        with self._database.write() as session:
            earlier = begin(session, self._request, store_now(session)) if self._request else None
            if earlier is not None:
                raise KeyAlreadyShown(earlier.body.decode())
            made = make(session)
            if self._request is not None:
                store(session, self._request, StoredAnswer(_CONFLICT, made.id.encode()))
        headers = {"Location": f"/v1/keys/{made.id}", "Cache-Control": "no-store"}
        return response_of(Answer(201, made, headers).stored())


async def _unit(request: Request, key: Annotated[RequestKey | None, Depends(request_key)]) -> ShownOnceUnit:
    return ShownOnceUnit(request.app.state.database, key)


ShownOnce = Annotated[ShownOnceUnit, Depends(_unit)]
