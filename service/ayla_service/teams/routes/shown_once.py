"""POST requests that are answered with a secret, which must not be stored: not even to be told again.

Under an Idempotency-Key such a request is done once all the same. Whoever repeats it gets no second key, and not the
first one either, but is told which one it was.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from ayla_service.db.session import Database, store_now
from ayla_service.errors import KeyToldBefore
from ayla_service.http.idempotency import Answer, request_key, response_of
from ayla_service.idempotency import RequestKey, StoredAnswer, begin, store
from ayla_service.teams.schemas import KeyWithSecret
from ayla_service.teams.views import NewKey

_CONFLICT = 409


class Disclosure:
    """Makes an API key in one transaction, and tells it once."""

    def __init__(self, database: Database, request: RequestKey | None) -> None:
        self._database = database
        self._request = request

    def __call__(self, make: Callable[[Session], NewKey]) -> Response:
        """The answer with the key that ``make`` has made.

        Raises:
            KeyToldBefore: if an earlier request with the same Idempotency-Key has made it.
            IdempotencyKeyReused: if something else was asked with that before.
        """
        with self._database.write() as session:
            earlier = begin(session, self._request, store_now(session)) if self._request else None
            if earlier is not None:
                raise KeyToldBefore(earlier.body.decode())
            made = make(session)
            if self._request is not None:
                store(session, self._request, StoredAnswer(_CONFLICT, made.view.id.encode()))
        headers = {"Location": f"/v1/keys/{made.view.id}", "Cache-Control": "no-store"}
        return response_of(Answer(201, KeyWithSecret.new(made), headers).stored())


async def _disclosure(request: Request, key: Annotated[RequestKey | None, Depends(request_key)]) -> Disclosure:
    return Disclosure(request.app.state.database, key)


TellOnce = Annotated[Disclosure, Depends(_disclosure)]
