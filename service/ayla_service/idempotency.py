"""Idempotency keys: the answer to a request is stored with what it did, in one transaction, for its repetitions.

A request with the same key that comes while the first is still at work waits for the end of the first in the store, and
gets its answer. If the first fails, nothing is stored, and the next request with the key is carried out.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ayla_service.db.models import IdempotencyKeyRow
from ayla_service.errors import IdempotencyKeyReused

KEYS_LIVE = timedelta(hours=24)
"""How long an idempotency key finds its answer."""

_NOT_ANSWERED = 0
_JSON_FORM = "json:"
"""At the head of a digest that ``json_digest`` has made; the others are of hexadecimal digits alone."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The idempotency key of a request, with a digest of what was asked.

    Attributes:
        member_id: who sent it; the same key of another member is another request.
        key: its Idempotency-Key.
        digest: of the request, by ``json_digest`` or ``request_digest``.
        former: the digest that the version before has stored for the same request; its keys live for a day.
    """

    member_id: str
    key: str
    digest: str
    former: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer to a request: status, body and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def request_digest(method: str, target: str, body: bytes) -> str:
    """Digest of a request, byte by byte: of method, path with query, and body."""
    return _sha256(method, target, body).hex()


def json_digest(method: str, target: str, body: bytes) -> str:
    """Digest of a request with a JSON body, of its values.

    The order of fields, blanks and how a number is written make no difference: ``1.0`` is 1. Compared is the body, not
    what the service makes of it, as defaults change. What is no JSON counts byte by byte. The digest differs in its
    form from those of ``request_digest``.
    """
    content = _sha256(method, target, _canonical(body))
    return _JSON_FORM + base64.urlsafe_b64encode(content).decode().rstrip("=")


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body, parse_float=_by_value), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


def _by_value(text: str) -> float | int:
    """A number as the integer it equals, if there is one."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _sha256(method: str, target: str, content: bytes) -> bytes:
    head = f"{method} {target}\n".encode("utf-8", "surrogatepass")
    return hashlib.sha256(head + content).digest()


def begin(
    session: Session, request: RequestKey, now: datetime, answer: StoredAnswer | None = None
) -> StoredAnswer | None:
    """Take the key for this transaction, or find the answer of the request that had it.

    Args:
        session: the unit of work that does what is asked.
        request: the request.
        now: the store's time.
        answer: what it will be answered, where that is known already; else ``store`` is to follow.

    Returns:
        The answer of the first request with this key; None if this one is the first.

    Raises:
        IdempotencyKeyReused: if something else was asked with this key before.
    """
    while not _take(session, request, now, answer):
        earlier = find(session, request, now)
        if earlier is not None:
            return earlier
        # Expired. Only that one goes: by now another process may have done so, and stored the answer to a new request.
        session.execute(
            delete(IdempotencyKeyRow).where(*_mine(request), IdempotencyKeyRow.created_at < now - KEYS_LIVE)
        )
    return None


def find(session: Session, request: RequestKey, now: datetime) -> StoredAnswer | None:
    """The answer of an earlier request with this key; None if there was none, or not lately.

    Raises:
        IdempotencyKeyReused: if something else was asked with this key before.
    """
    mine = select(IdempotencyKeyRow).where(*_mine(request), IdempotencyKeyRow.created_at >= now - KEYS_LIVE)
    earlier = session.execute(mine.execution_options(populate_existing=True)).scalar_one_or_none()
    if earlier is None:
        return None
    if earlier.request_digest not in (request.digest, request.former):
        raise IdempotencyKeyReused(request.key)
    return StoredAnswer(earlier.status, earlier.body, earlier.headers)


def store(session: Session, request: RequestKey, answer: StoredAnswer) -> None:
    """Store the answer for repetitions of the request; in the transaction that ``begin`` was called in."""
    session.execute(
        update(IdempotencyKeyRow)
        .where(*_mine(request))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


def forget(session: Session, request: RequestKey) -> None:
    """Delete the key, as the request is not carried out after all; in the transaction that ``begin`` was called in."""
    session.execute(delete(IdempotencyKeyRow).where(*_mine(request)))


def _mine(request: RequestKey) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return IdempotencyKeyRow.member_id == request.member_id, IdempotencyKeyRow.key == request.key


def _take(session: Session, request: RequestKey, now: datetime, answer: StoredAnswer | None) -> bool:
    """Insert the key; False if it is there already. PostgreSQL waits here for another transaction that inserts it."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "member_id": request.member_id,
        "key": request.key,
        "request_digest": request.digest,
        "status": answer.status if answer else _NOT_ANSWERED,
        "headers": dict(answer.headers) if answer else {},
        "body": answer.body if answer else b"",
        "created_at": now,
    }
    taken = dialect.insert(IdempotencyKeyRow).values(row).on_conflict_do_nothing().returning(IdempotencyKeyRow.key)
    return session.execute(taken).first() is not None
