"""Sessions of browsers: each stands for an API key for some hours, and never longer than the key is valid."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, delete, select
from sqlalchemy.orm import Session

from ayla_service.db.models import ApiKeyRow, MemberRow, SessionRow
from ayla_service.db.session import store_now
from ayla_service.errors import NotAuthenticated
from ayla_service.teams.tokens import digest_of, new_session_token

LIFETIME = timedelta(hours=12)
"""How long a browser is signed in, whatever it does."""

MOST_SESSIONS = 100
"""Sessions of one key at once; whoever signs in once more ends the oldest."""


class NewSession(NamedTuple):
    """A session that has just begun: its token, which is not stored, and its end."""

    token: str
    expires_at: datetime


def begin(session: Session, key_id: str) -> NewSession:
    """Begin a session of a valid key, and remove those that have ended."""
    now, token = store_now(session), new_session_token()
    key = session.get_one(ApiKeyRow, key_id)
    ends = now + LIFETIME if key.expires_at is None else min(now + LIFETIME, key.expires_at)
    forget(session, now)
    _end_oldest(session, key_id)
    session.add(SessionRow(digest=digest_of(token), key_id=key_id, created_at=now, expires_at=ends))
    return NewSession(token, ends)


def end(session: Session, digest: str) -> None:
    """End a session, if there is one."""
    session.execute(delete(SessionRow).where(SessionRow.digest == digest))


def expiry_of(session: Session, digest: str) -> datetime | None:
    """When a session ends; None if it has ended in the meantime."""
    return session.scalar(select(SessionRow.expires_at).where(SessionRow.digest == digest))


def forget(session: Session, now: datetime) -> None:
    """Remove the sessions that have expired."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))


def is_live(now: datetime) -> ColumnElement[bool]:
    """Condition for the sessions that have not expired; their keys may have ended."""
    return SessionRow.expires_at > now


def found(session: Session, digest: str, now: datetime) -> Row[ApiKeyRow, MemberRow]:
    """The key of a session and the member of the key.

    Raises:
        NotAuthenticated: if there is no such session, or no more.
    """
    query = (
        select(ApiKeyRow, MemberRow)
        .join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
        .join(SessionRow, SessionRow.key_id == ApiKeyRow.id)
        .where(SessionRow.digest == digest, is_live(now))
    )
    row = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotAuthenticated("This session has ended; sign in again.")
    return row


def _end_oldest(session: Session, key_id: str) -> None:
    newest = select(SessionRow.digest).where(SessionRow.key_id == key_id)
    newest = newest.order_by(SessionRow.created_at.desc(), SessionRow.digest).limit(MOST_SESSIONS - 1)
    kept = session.scalars(newest).all()
    session.execute(delete(SessionRow).where(SessionRow.key_id == key_id, SessionRow.digest.not_in(kept)))
