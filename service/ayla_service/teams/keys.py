"""API keys: their making and checking. The store has their digests only."""

import hmac
import threading
import time
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import structlog
from sqlalchemy import ColumnElement, Row, and_, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ayla_service.db.models import ApiKeyRow, MemberRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams import sessions
from ayla_service.teams.principal import LOCAL, ROLE_SCOPES, Principal, Scope
from ayla_service.teams.tokens import digest_of, new_key

FIRST_KEY_COMMAND = "ayla-service keys create --team TEAM --member NAME --create"
"""Command that makes the first key of a service, for messages."""

LONGEST_LIFE = timedelta(days=5 * 366)
LONGEST_OVERLAP = timedelta(days=7)
"""How long a rotated key may be valid beside the new one."""

_SHOWN_CHARACTERS = 12
_USE_NOTED_EVERY = timedelta(minutes=1)
_OPEN_FOR_SECONDS = 1.0

log = structlog.get_logger("ayla_service.teams")


class KeyState(StrEnum):
    """Validity of an API key."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(key: ApiKeyRow, now: datetime) -> KeyState:
    """Validity of a key at this moment, as far as it depends on the key; its member may have been removed."""
    if key.revoked_at is not None:
        return KeyState.REVOKED
    if key.expires_at is not None and key.expires_at <= now:
        return KeyState.EXPIRED
    return KeyState.ACTIVE


def is_active(now: datetime) -> ColumnElement[bool]:
    """As ``state_of``, as the condition of a query: the key is active."""
    return and_(ApiKeyRow.revoked_at.is_(None), ApiKeyRow.expires_at.is_(None) | (ApiKeyRow.expires_at > now))


def effective_scopes(key: ApiKeyRow, member: MemberRow) -> frozenset[Scope]:
    """Scopes of a key that the role of its member allows."""
    return frozenset(map(Scope, key.scopes)) & ROLE_SCOPES[Role(member.role)]


def add_key(
    session: Session,
    member_id: str,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKeyRow, str]:
    """Make a key for a member; returns its row and the key itself, which is not stored."""
    key = new_key()
    row = ApiKeyRow(
        id=str(uuid.uuid4()),
        member_id=member_id,
        name=name,
        prefix=key[:_SHOWN_CHARACTERS],
        digest=digest_of(key),
        scopes=sorted(scope.value for scope in scopes),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, key


def expiry_of(session: Session, key_id: str) -> datetime | None:
    """When a key ends; None: never."""
    return session.scalar(select(ApiKeyRow.expires_at).where(ApiKeyRow.id == key_id))


def has_keys(session: Session) -> bool:
    """Whether any key was ever made, valid or not: from then on the service needs one."""
    return bool(session.scalar(select(exists().where(ApiKeyRow.id.is_not(None)))))


def has_valid_key(session: Session) -> bool:
    """Whether a key exists that is valid at this moment."""
    now = store_now(session)
    usable = exists().where(ApiKeyRow.member_id == MemberRow.id, MemberRow.removed_at.is_(None), is_active(now))
    return bool(session.scalar(select(usable)))


class SignedIn(NamedTuple):
    """Caller that a session has let in: the principal, and the digest of the key that the session stands for."""

    principal: Principal
    key_digest: str


class KeyVerifier:
    """Finds the principal of an API key, or of a session that stands for one.

    Nothing about a key is cached between requests, so one that is revoked is refused from that moment on.

    Args:
        database: the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closed = False
        self._open_until = 0.0
        self._lock = threading.Lock()
        self._noting = threading.Lock()

    @property
    def is_known_open(self) -> bool:
        """Whether the store had no keys a moment ago; costs no query."""
        return not self._closed and time.monotonic() < self._open_until

    @property
    def is_known_closed(self) -> bool:
        """Whether the store has had keys before, which it then has for ever; costs no query."""
        return self._closed

    def is_open(self) -> bool:
        """Whether the service needs no key: as long as none was ever made."""
        with self._lock:
            if not self._closed and time.monotonic() >= self._open_until:
                with self._database.read() as session:
                    self._closed = has_keys(session)
                self._open_until = time.monotonic() + _OPEN_FOR_SECONDS
            return not self._closed

    def principal(self, key: str | None) -> Principal:
        """The principal of a key.

        Raises:
            NotAuthenticated: if it is unknown, has expired or was revoked, or if one is needed and there is none.
        """
        if self.is_open():
            return LOCAL
        if key is None:
            raise NotAuthenticated("This service needs an API key: send it as 'Authorization: Bearer ayla_…'.")
        return self._holder(key)

    def reauthenticated(self, principal: Principal) -> Principal:
        """As the function ``reauthenticated``, in a unit of work of its own."""
        with self._database.read() as session:
            return reauthenticated(session, principal)

    def signed_in(self, session_digest: str) -> SignedIn:
        """The principal of a session.

        Raises:
            NotAuthenticated: if the session is unknown or has ended, or its key has.
        """
        with self._database.read() as session:
            now = store_now(session)
            key, member = sessions.found(session, session_digest, now)
            principal = _holder_of(key, member, now, session_digest)
            signed_in, noted_at = SignedIn(principal, key.digest), key.last_used_at
        self._note_use(principal.key_id, noted_at, now)
        return signed_in

    def _holder(self, key: str) -> Principal:
        with self._database.read() as session:
            found, now = self._row(session, key), store_now(session)
            if found is None:
                raise NotAuthenticated("The API key is not one of this service; check it for a slip, or ask an admin.")
            holder = _holder_of(found.ApiKeyRow, found.MemberRow, now)
            noted_at = found.ApiKeyRow.last_used_at
        self._note_use(holder.key_id, noted_at, now)
        return holder

    def _row(self, session: Session, key: str) -> Row[ApiKeyRow, MemberRow] | None:
        """The key, looked up by its digest: the time that this takes says nothing about how near a guess is."""
        digest = digest_of(key)
        query = (
            select(ApiKeyRow, MemberRow)
            .join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
            .where(ApiKeyRow.digest == digest)
        )
        row = session.execute(query).one_or_none()
        return row if row is not None and hmac.compare_digest(row.ApiKeyRow.digest, digest) else None

    def _note_use(self, row_id: str | None, noted_at: datetime | None, now: datetime) -> None:
        """Note when a key was used last; a store that is busy or fails does not hold up the request."""
        is_fresh = noted_at is not None and now - noted_at < _USE_NOTED_EVERY
        if is_fresh or not self._noting.acquire(blocking=False):
            return
        try:
            with self._database.write() as session:
                session.execute(update(ApiKeyRow).where(ApiKeyRow.id == row_id).values(last_used_at=now))
        except SQLAlchemyError as error:
            log.warning("the use of a key could not be noted", key_id=row_id, error=type(error).__name__)
        finally:
            self._noting.release()


def reauthenticated(session: Session, principal: Principal) -> Principal:
    """The principal of an earlier request, with the role and the scopes of this moment.

    Raises:
        NotAuthenticated: if it would be refused now: its session or key has ended, its member was removed, or it
            came without a key and there are some by now.
    """
    if principal.key_id is None:
        if has_keys(session):
            raise NotAuthenticated("This service has got its first API key in the meantime, so it needs one now.")
        return principal
    now = store_now(session)
    if principal.session is not None:
        return _holder_of(*sessions.found(session, principal.session, now), now, principal.session)
    query = (
        select(ApiKeyRow, MemberRow)
        .join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
        .where(ApiKeyRow.id == principal.key_id)
    )
    found = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:  # only keys that have ended are ever deleted
        raise NotAuthenticated("The API key of this request was revoked in the meantime; ask an admin for another.")
    return _holder_of(found.ApiKeyRow, found.MemberRow, now)


def _holder_of(row: ApiKeyRow, member: MemberRow, now: datetime, session: str | None = None) -> Principal:
    """The principal of a key, or of a session of it.

    Raises:
        NotAuthenticated: if it has expired or was revoked.
    """
    _refuse_ended(row, member, now)
    scopes = effective_scopes(row, member)
    return Principal(member.team_id, member.id, member.name, Role(member.role), scopes, row.id, session)


def _refuse_ended(row: ApiKeyRow, member: MemberRow, now: datetime) -> None:
    state = state_of(row, now)
    if state is KeyState.REVOKED or member.removed_at is not None:
        raise NotAuthenticated(f"The API key {row.prefix}… was revoked; ask an admin for another.")
    if state is KeyState.EXPIRED:
        raise NotAuthenticated(f"The API key {row.prefix}… expired on {row.expires_at:%Y-%m-%d %H:%M} UTC.")
