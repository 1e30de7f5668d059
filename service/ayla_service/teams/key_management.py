"""Management of API keys by their holders and admins: making, listing, rotating and revoking them.

Nobody gains rights by it: a key that another one makes or rotates has no more scopes and no later end than that one.
Only the key of an admin may make one that ends later.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from ayla_spec import SpecError, SpecIssue
from sqlalchemy import Row, Select, delete, func, select, tuple_
from sqlalchemy.orm import Session

from ayla_service import cursors
from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import ApiKeyRow, MemberRow
from ayla_service.db.session import store_now
from ayla_service.errors import KeyEnded, KeyNotFound, LimitReached, NotAllowed
from ayla_service.states import Role
from ayla_service.teams import schemas
from ayla_service.teams.keys import (
    FIRST_KEY_COMMAND,
    LONGEST_LIFE,
    KeyState,
    add_key,
    effective_scopes,
    is_active,
    state_of,
)
from ayla_service.teams.members import current_member
from ayla_service.teams.principal import ROLE_SCOPES, Principal, Scope

MOST_KEYS = 50
"""Valid keys that a member may have."""

_ENDED_KEPT = 100

log = structlog.get_logger("ayla_service.teams")

_Found = Row[ApiKeyRow, MemberRow]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Request for an API key.

    Attributes:
        name: for people.
        scopes: of the key; None: all that are possible.
        expires_at: when it ends; None: never.
    """

    name: str
    scopes: Collection[Scope] | None = None
    expires_at: datetime | None = None


def key_of(session: Session, principal: Principal, key_id: str) -> schemas.Key:
    """One of the caller's own keys, or for an admin one of the team's.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
    """
    found = _visible(session, principal, key_id)
    return schemas.Key.of(found.ApiKeyRow, found.MemberRow, store_now(session))


def page(
    session: Session, principal: Principal, member_id: str | None, limit: int, cursor: str | None
) -> schemas.KeyPage:
    """One page of the caller's own keys, or for an admin of the team's, newest first.

    Args:
        session: the unit of work.
        principal: the caller.
        member_id: only those of this member.
        limit: how many at most.
        cursor: of the page before; None for the first.

    Raises:
        InvalidQuery: on a cursor that is not one of this list.
    """
    query = _seen_by(principal)
    if member_id is not None:
        query = query.where(ApiKeyRow.member_id == (member_id if could_be_id(member_id) else ""))
    if cursor is not None:
        query = query.where(tuple_(ApiKeyRow.created_at, ApiKeyRow.id) < tuple_(*cursors.job_key(cursor)))
    rows = session.execute(query.order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id.desc()).limit(limit + 1)).all()
    now, shown = store_now(session), rows[:limit]
    last = schemas.cursor_after(shown[-1].ApiKeyRow) if len(rows) > limit else None
    keys = [schemas.Key.of(row.ApiKeyRow, row.MemberRow, now) for row in shown]
    return schemas.KeyPage(data=keys, next_cursor=last)


def create(session: Session, principal: Principal, member_id: str, request: KeyRequest) -> schemas.KeyWithSecret:
    """Make a key for a member, which only an admin does for others.

    Raises:
        NotAllowed: if it would have more scopes or a later end than the caller's own; or if the service needs no keys.
        MemberNotFound: if the team has no such member.
        SpecError: if the member's role does not have the scopes, or if it would end at a time that makes no sense.
        LimitReached: if the member has as many keys as it may have.
    """
    _refuse_open(principal)
    if member_id != principal.member_id and not principal.is_admin:
        raise NotAllowed("Only an admin makes API keys for other members; leave out member_id for one of your own.")
    member = current_member(session, principal.team_id, member_id)
    now = store_now(session)
    possible = ROLE_SCOPES[Role(member.role)]
    scopes = possible & principal.scopes if request.scopes is None else frozenset(request.scopes)
    _refuse_more(principal, scopes)
    _refuse_longer(session, principal, request.expires_at)
    return issue(session, member, KeyRequest(request.name, scopes, request.expires_at), now)


def issue(session: Session, member: MemberRow, request: KeyRequest, now: datetime) -> schemas.KeyWithSecret:
    """Make a key for a member whose row is locked, without asking for the caller's rights.

    Raises:
        SpecError: if the member's role does not have the scopes, or if it would end at a time that makes no sense.
        LimitReached: if the member has as many keys as it may have.
    """
    possible = ROLE_SCOPES[Role(member.role)]
    scopes = possible if request.scopes is None else frozenset(request.scopes)
    if not scopes <= possible:
        raise SpecError([SpecIssue("/scopes", _beyond(member, scopes - possible))])
    _refuse_odd_end(request.expires_at, now)
    _refuse_beyond_limit(session, member, now)
    row, key = add_key(session, member.id, request.name, scopes, now, request.expires_at)
    _delete_old(session, member, now)
    log.info("api key made", key_id=row.id, subject_id=member.id, scopes=row.scopes)
    return schemas.KeyWithSecret(**schemas.Key.of(row, member, now).model_dump(), key=key)


def rotate(
    session: Session, principal: Principal, key_id: str, overlap: timedelta, expires_at: datetime | None = None
) -> schemas.KeyWithSecret:
    """Make a key with the name and scopes of another, in its place.

    Args:
        session: the unit of work.
        principal: the caller; any key can rotate itself.
        key_id: the key that ends.
        overlap: how long it goes on beside the new one.
        expires_at: when the new one ends; None: when the old one would have ended.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
        KeyEnded: if it has expired or was revoked.
        NotAllowed: if it has more scopes, or the new one a later end, than the caller's own.
        SpecError: if the new one would end at a time that makes no sense.
        LimitReached: if the member would have more keys than it may have.
    """
    found = _changeable(session, principal, key_id)
    scopes = effective_scopes(found.ApiKeyRow, found.MemberRow)
    _refuse_more(principal, scopes)
    _refuse_longer(session, principal, expires_at or found.ApiKeyRow.expires_at)
    return replace(session, found.ApiKeyRow, found.MemberRow, overlap, expires_at)


def replace(
    session: Session, old: ApiKeyRow, member: MemberRow, overlap: timedelta, expires_at: datetime | None = None
) -> schemas.KeyWithSecret:
    """Make a key in the place of another, without asking for the caller's rights; both rows are locked.

    Raises:
        KeyEnded: if the old one has expired or was revoked.
        SpecError: if the new one would end at a time that makes no sense.
        LimitReached: if the member would have more keys than it may have.
    """
    now, ends = store_now(session), expires_at or old.expires_at
    if state_of(old, now) is not KeyState.ACTIVE or member.removed_at is not None:
        raise KeyEnded(old.prefix)
    old.expires_at = min(now + overlap, old.expires_at or now + overlap)
    session.flush()
    log.info("api key rotated", key_id=old.id, subject_id=member.id, overlap_seconds=overlap.total_seconds())
    return issue(session, member, KeyRequest(old.name, effective_scopes(old, member), ends), now)


def revoke(session: Session, principal: Principal, key_id: str) -> schemas.Key:
    """End a key at once; any key can end itself. Safe to repeat.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
        NotAllowed: if it has more scopes than the caller's own.
    """
    found = _changeable(session, principal, key_id)
    if not principal.is_admin:
        _refuse_more(principal, effective_scopes(found.ApiKeyRow, found.MemberRow))
    return end(session, found.ApiKeyRow, found.MemberRow)


def end(session: Session, key: ApiKeyRow, member: MemberRow) -> schemas.Key:
    """End a key at once, without asking for the caller's rights."""
    now = store_now(session)
    key.revoked_at = key.revoked_at or now
    session.flush()
    log.info("api key revoked", key_id=key.id, subject_id=member.id)
    return schemas.Key.of(key, member, now)


def _seen_by(principal: Principal) -> Select[ApiKeyRow, MemberRow]:
    query = select(ApiKeyRow, MemberRow).join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
    query = query.where(MemberRow.team_id == principal.team_id)
    return query if principal.is_admin else query.where(MemberRow.id == principal.member_id)


def _visible(session: Session, principal: Principal, key_id: str, *, lock: bool = False) -> _Found:
    if not could_be_id(key_id):
        raise KeyNotFound(key_id)
    query = _seen_by(principal).where(ApiKeyRow.id == key_id)
    row = session.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise KeyNotFound(key_id)
    return row


def _changeable(session: Session, principal: Principal, key_id: str) -> _Found:
    """A key that the caller may end, locked with its member: its own, or others' with a scope beside ``read``."""
    if key_id == principal.key_id:
        return _visible(session, principal, key_id, lock=True)
    if Scope.READ not in principal.scopes:
        raise KeyNotFound(key_id)  # without the scope read the ids of others are not given away
    found = _visible(session, principal, key_id, lock=True)
    if not principal.scopes & {Scope.SUBMIT, Scope.ADMIN}:
        raise NotAllowed("With the scope 'read' alone a key can be rotated or revoked by itself only.")
    return found


def _refuse_open(principal: Principal) -> None:
    # It would close the service to everybody who has none, perhaps by a key that can do little.
    if principal.is_open:
        raise NotAllowed(f"This service has no API keys yet. The first is made on its machine: {FIRST_KEY_COMMAND}")


def _refuse_more(principal: Principal, scopes: Collection[Scope]) -> None:
    missing = sorted(set(scopes) - principal.scopes)
    if missing:
        raise NotAllowed(
            f"The API key of this request has not the scope {_listed(missing)} itself, so it cannot make or end a key "
            "that has."
        )


def _refuse_longer(session: Session, principal: Principal, ends: datetime | None) -> None:
    if principal.key_id is None or principal.is_admin:
        return
    own = session.scalar(select(ApiKeyRow.expires_at).where(ApiKeyRow.id == principal.key_id))
    if own is not None and (ends is None or ends > own):
        raise NotAllowed(
            f"The API key of this request ends at {own:%Y-%m-%d %H:%M} UTC, so it cannot make one that lasts longer. "
            "Give an expires_at before that, or ask an admin."
        )


def _refuse_odd_end(ends: datetime | None, now: datetime) -> None:
    if ends is not None and not now < ends <= now + LONGEST_LIFE:
        raise SpecError([SpecIssue("/expires_at", "Must be in the future, and not more than 5 years away.")])


def _refuse_beyond_limit(session: Session, member: MemberRow, now: datetime) -> None:
    query = select(func.count()).select_from(ApiKeyRow).where(ApiKeyRow.member_id == member.id, is_active(now))
    number = session.scalar(query) or 0
    if number >= MOST_KEYS:
        raise LimitReached(f"'{member.name}' has {number} API keys, and cannot have more; revoke those not needed.")


def _delete_old(session: Session, member: MemberRow, now: datetime) -> None:
    """Keep the last keys that have ended, so that rotating again and again does not fill the store."""
    old = select(ApiKeyRow.id).where(ApiKeyRow.member_id == member.id, ~is_active(now))
    old = old.order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id).offset(_ENDED_KEPT)
    session.execute(delete(ApiKeyRow).where(ApiKeyRow.id.in_(session.scalars(old).all())))


def _beyond(member: MemberRow, scopes: Collection[Scope]) -> str:
    return f"'{member.name}' is {member.role} of the team, which goes without the scope {_listed(sorted(scopes))}."


def _listed(scopes: Collection[str]) -> str:
    return " and ".join(f"'{scope}'" for scope in scopes)
