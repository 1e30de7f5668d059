"""POST requests that change something: done in one transaction, and safe to repeat under an Idempotency-Key.

A route asks for ``Once`` and gives it the operation::

    def pause_job(job_id: JobId, caller: Submitter, jobs: Jobs, once: Once) -> Response:
        return once(lambda session: Answer(202, JobDetail.of(jobs.pause(session, caller, job_id))))

It declares ``response_model`` for the contract, and documents ``Idempotent-Replayed`` by ``REPLAYED``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import AfterValidator, BaseModel
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from ayla_service.db.session import Database, store_now
from ayla_service.http.authorization import Caller
from ayla_service.idempotency import RequestKey, StoredAnswer, begin, json_digest, request_digest, store

_MAX_KEY_LENGTH = 255
_JSON = "application/json"

REPLAYED: dict[str, Any] = {
    "Idempotent-Replayed": {
        "description": "'true' if this is the answer to an earlier request with the same key.",
        "schema": {"type": "string"},
    }
}
"""Header of answers to requests with an Idempotency-Key, for the contract."""


def _printable_key(value: str | None) -> str | None:
    if value is not None and not (0 < len(value) <= _MAX_KEY_LENGTH and value.isascii() and value.isprintable()):
        raise ValueError(f"must be 1 to {_MAX_KEY_LENGTH} printable ASCII characters")
    return value


IdempotencyKey = Annotated[
    str | None,
    AfterValidator(_printable_key),
    Header(
        alias="Idempotency-Key",
        description="Names this request, so that it can be repeated safely: within 24 hours the same key and request "
        "get the answer to the first one again. JSON is the same in any order of its fields, and 1.0 is 1; a file is "
        f"the same byte by byte. 1 to {_MAX_KEY_LENGTH} printable ASCII characters.",
        examples=["6f1c5e0a-saddle-1"],
        json_schema_extra={"minLength": 1, "maxLength": _MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
    ),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a request, sent once its transaction is committed.

    Attributes:
        status: HTTP status.
        content: the body; None for none.
        headers: added to the response.
        then: called after the commit, but not for a repeated request; must not raise.
    """

    status: int
    content: BaseModel | None
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[], object] = lambda: None

    def stored(self) -> StoredAnswer:
        """The answer as it goes over the wire."""
        body = b"" if self.content is None else self.content.model_dump_json(by_alias=True).encode()
        return StoredAnswer(self.status, body, dict(self.headers))


class IdempotentUnit:
    """Unit of work of a request: one transaction, which stores the answer too if there is an Idempotency-Key."""

    def __init__(self, database: Database, request: RequestKey | None) -> None:
        self._database = database
        self._request = request

    def __call__(self, operation: Callable[[Session], Answer]) -> Response:
        """The answer of ``operation``, or that of an earlier request with the same key.

        Raises:
            IdempotencyKeyReused: if something else was asked with the key before.
        """
        with self._database.write() as session:
            earlier = begin(session, self._request, store_now(session)) if self._request else None
            if earlier is not None:
                return response_of(earlier, replayed=True)
            answer = operation(session)
            session.flush()
            stored = answer.stored()
            if self._request is not None:
                store(session, self._request, stored)
        answer.then()
        return response_of(stored)


def response_of(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    """The response that carries an answer; ``replayed`` says that an earlier request got it first."""
    headers = dict(answer.headers)
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.body, answer.status, headers, media_type=_JSON if answer.body else None)


async def request_key(request: Request, caller: Caller, idempotency_key: IdempotencyKey = None) -> RequestKey | None:
    """Idempotency-Key of the request with a digest of what it asks; None if it has no key."""
    if idempotency_key is None:
        return None
    asked = request.method, f"{request.url.path}?{request.url.query}", await request.body()
    return RequestKey(caller.member_id, idempotency_key, json_digest(*asked), request_digest(*asked))


async def _unit(request: Request, key: Annotated[RequestKey | None, Depends(request_key)]) -> IdempotentUnit:
    return IdempotentUnit(request.app.state.database, key)


Once = Annotated[IdempotentUnit, Depends(_unit)]
"""Unit of work of a POST request, done once however often the request is repeated with its Idempotency-Key."""
