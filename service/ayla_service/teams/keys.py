"""API keys: their making and checking. The store has their digests only."""

import hashlib
import hmac
import re
import secrets
import threading
import time
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import ColumnElement, Row, and_, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ayla_service.db.models import ApiKeyRow, MemberRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams.principal import LOCAL, ROLE_SCOPES, Principal, Scope

KEY_PREFIX = "ayla_"
FIRST_KEY_COMMAND = "ayla-service keys create --team TEAM --member NAME --create"
"""Command that makes the first key of a service, for messages."""

LONGEST_LIFE = timedelta(days=5 * 366)
LONGEST_OVERLAP = timedelta(days=7)
"""How long a rotated key may be valid beside the new one."""

_RANDOM_BYTES = 32
_SHOWN_CHARACTERS = 12
_LIKE_A_KEY = re.compile(rf"{KEY_PREFIX}[A-Za-z0-9_-]{{20,}}", re.ASCII)
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


def new_key() -> str:
    """A new key of 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def without_keys(text: str) -> str:
    """A text for a log, with everything cut that could be a key which was sent in the wrong place."""
    return _LIKE_A_KEY.sub(f"{KEY_PREFIX}…", text)


def digest_of(key: str) -> str:
    """SHA-256 digest of a key, which is all that the store keeps of it."""
    return hashlib.sha256(key.encode()).hexdigest()


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


def has_keys(session: Session) -> bool:
    """Whether any key was ever made, valid or not: from then on the service needs one."""
    return bool(session.scalar(select(exists().where(ApiKeyRow.id.is_not(None)))))


def has_valid_key(session: Session) -> bool:
    """Whether a key exists that is valid at this moment."""
    now = store_now(session)
    usable = exists().where(ApiKeyRow.member_id == MemberRow.id, MemberRow.removed_at.is_(None), is_active(now))
    return bool(session.scalar(select(usable)))


class KeyVerifier:
    """Finds the principal of an API key.

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

    def _holder(self, key: str) -> Principal:
        with self._database.read() as session:
            found, now = self._row(session, key), store_now(session)
            if found is None:
                raise NotAuthenticated("The API key is not one of this service; check it for a slip, or ask an admin.")
            holder = _holder_of(found.ApiKeyRow, found.MemberRow, now)
            noted_at = found.ApiKeyRow.last_used_at
        if noted_at is None or now - noted_at >= _USE_NOTED_EVERY:
            self._note_use(row_id=holder.key_id, now=now)
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

    def _note_use(self, row_id: str | None, now: datetime) -> None:
        """Note when a key was used last; a store that is busy or fails does not hold up the request."""
        if not self._noting.acquire(blocking=False):
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
        NotAuthenticated: if it would be refused now: its key has ended, its member was removed, or it came without
            a key and there are some by now.
    """
    if principal.key_id is None:
        if has_keys(session):
            raise NotAuthenticated("This service has got its first API key in the meantime, so it needs one now.")
        return principal
    query = (
        select(ApiKeyRow, MemberRow)
        .join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
        .where(ApiKeyRow.id == principal.key_id)
    )
    found = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:  # only keys that have ended are ever deleted
        raise NotAuthenticated("The API key of this request was revoked in the meantime; ask an admin for another.")
    return _holder_of(found.ApiKeyRow, found.MemberRow, store_now(session))


def _holder_of(row: ApiKeyRow, member: MemberRow, now: datetime) -> Principal:
    """The principal of a key.

    Raises:
        NotAuthenticated: if it has expired or was revoked.
    """
    _refuse_ended(row, member, now)
    scopes = effective_scopes(row, member)
    return Principal(member.team_id, member.id, member.name, Role(member.role), scopes, row.id)


def _refuse_ended(row: ApiKeyRow, member: MemberRow, now: datetime) -> None:
    state = state_of(row, now)
    if state is KeyState.REVOKED or member.removed_at is not None:
        raise NotAuthenticated(f"The API key {row.prefix}… was revoked; ask an admin for another.")
    if state is KeyState.EXPIRED:
        raise NotAuthenticated(f"The API key {row.prefix}… expired on {row.expires_at:%Y-%m-%d %H:%M} UTC.")
