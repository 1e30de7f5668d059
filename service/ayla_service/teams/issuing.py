"""API keys as their holders and admins look after them: made, listed, rotated, revoked; nobody gains rights by it.

What a key can make, or take over by rotating it, is never more than it is itself: not more scopes, and no later end.
An admin is who sets how long keys live, so an admin's key may make one that outlives it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from ayla_spec import SpecError, SpecIssue
from sqlalchemy import Row, Select, delete, func, select, tuple_
from sqlalchemy.orm import Session

from ayla_service.db.lookup import could_be_id
from ayla_service.db.models import ApiKey, Member
from ayla_service.db.session import store_now
from ayla_service.errors import KeyEnded, KeyNotFound, LimitReached, NotAllowed
from ayla_service.states import Role
from ayla_service.teams.keys import FIRST_KEY_COMMAND, add_key
from ayla_service.teams.members import current_member
from ayla_service.teams.principal import ROLE_SCOPES, Principal, Scope
from ayla_service.teams.views import KeyState, KeyView, NewKey, Part, state_of

MOST_KEYS = 50
"""Of a member, those that let it in."""

LONGEST_LIFE = timedelta(days=5 * 366)
LONGEST_OVERLAP = timedelta(days=7)
"""How long a key that was rotated may go on beside the new one."""

_ENDED_KEPT = 100

log = structlog.get_logger("ayla_service.teams")

_Found = Row[ApiKey, Member]


@dataclass(frozen=True, slots=True)
class KeyWish:
    """An API key that is to be made.

    Attributes:
        name: for people.
        scopes: what it lets do; None: all that is possible.
        expires_at: when it ends; None: never.
    """

    name: str
    scopes: Collection[Scope] | None = None
    expires_at: datetime | None = None


def key_of(session: Session, principal: Principal, key_id: str) -> KeyView:
    """One of the caller's own keys, or for an admin one of the team's.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
    """
    found = _visible(session, principal, key_id)
    return KeyView.of(found.ApiKey, found.Member, store_now(session))


def page(
    session: Session, principal: Principal, member_id: str | None, limit: int, after: tuple[Any, str] | None
) -> Part[KeyView]:
    """The caller's own keys, or for an admin the team's, newest first, after one of a page before.

    Args:
        session: the unit of work.
        principal: who asks.
        member_id: only those of this member.
        limit: how many at most.
        after: time and id of the last one of the page before.
    """
    query = _seen_by(principal)
    if member_id is not None:
        query = query.where(ApiKey.member_id == (member_id if could_be_id(member_id) else ""))
    if after is not None:
        query = query.where(tuple_(ApiKey.created_at, ApiKey.id) < tuple_(*after))
    rows = session.execute(query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()).limit(limit + 1)).all()
    now, shown = store_now(session), rows[:limit]
    last = (shown[-1].ApiKey.created_at, shown[-1].ApiKey.id) if len(rows) > limit else None
    return Part([KeyView.of(row.ApiKey, row.Member, now) for row in shown], last)


def create(session: Session, principal: Principal, member_id: str, wish: KeyWish) -> NewKey:
    """Make a key for a member, who is the caller unless that is an admin.

    Raises:
        NotAllowed: if it would let do, or last, more than the caller's own; or if the service is open.
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
    scopes = possible & principal.scopes if wish.scopes is None else frozenset(wish.scopes)
    _refuse_more(principal, scopes)
    _refuse_longer(session, principal, wish.expires_at)
    return issue(session, member, KeyWish(wish.name, scopes, wish.expires_at), now)


def issue(session: Session, member: Member, wish: KeyWish, now: datetime) -> NewKey:
    """Make a key for a member whose row is locked, whoever asks.

    Raises:
        SpecError: if the member's role does not have the scopes, or if it would end at a time that makes no sense.
        LimitReached: if the member has as many keys as it may have.
    """
    possible = ROLE_SCOPES[Role(member.role)]
    scopes = possible if wish.scopes is None else frozenset(wish.scopes)
    if not scopes <= possible:
        raise SpecError([SpecIssue("/scopes", _beyond(member, scopes - possible))])
    _refuse_odd_end(wish.expires_at, now)
    _refuse_crowd(session, member, now)
    row, key = add_key(session, member.id, wish.name, scopes, now, wish.expires_at)
    _forget_old(session, member, now)
    log.info("api key made", key_id=row.id, subject_id=member.id, scopes=row.scopes)
    return NewKey(KeyView.of(row, member, now), key)


def rotate(
    session: Session, principal: Principal, key_id: str, overlap: timedelta, expires_at: datetime | None = None
) -> NewKey:
    """Make a key like another that it takes the place of.

    Args:
        session: the unit of work.
        principal: who asks; any key can rotate itself.
        key_id: the key that ends.
        overlap: how long it goes on beside the new one.
        expires_at: when the new one ends; None: when the old one would have ended.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
        KeyEnded: if it lets nobody in any more.
        NotAllowed: if it lets do, or the new one would last, more than the caller's own.
        SpecError: if the new one would end at a time that makes no sense.
        LimitReached: if the member would have more keys than it may have.
    """
    found = _changeable(session, principal, key_id)
    scopes = _effective(found.ApiKey, found.Member)
    _refuse_more(principal, scopes)
    _refuse_longer(session, principal, expires_at or found.ApiKey.expires_at)
    return replace(session, found.ApiKey, found.Member, overlap, expires_at)


def replace(
    session: Session, old: ApiKey, member: Member, overlap: timedelta, expires_at: datetime | None = None
) -> NewKey:
    """Make a key like another that it takes the place of, whoever asks; both rows are locked.

    Raises:
        KeyEnded: if the old one lets nobody in any more.
        SpecError: if the new one would end at a time that makes no sense.
        LimitReached: if the member would have more keys than it may have.
    """
    now, ends = store_now(session), expires_at or old.expires_at
    if state_of(old, now) is not KeyState.ACTIVE or member.removed_at is not None:
        raise KeyEnded(old.prefix)
    old.expires_at = min(now + overlap, old.expires_at or now + overlap)
    session.flush()
    log.info("api key rotated", key_id=old.id, subject_id=member.id, overlap_seconds=overlap.total_seconds())
    return issue(session, member, KeyWish(old.name, _effective(old, member), ends), now)


def revoke(session: Session, principal: Principal, key_id: str) -> KeyView:
    """End a key at once; any key can end itself. Safe to repeat.

    Raises:
        KeyNotFound: if there is none with this id that the caller may see.
        NotAllowed: if it lets do more than the caller's own.
    """
    found = _changeable(session, principal, key_id)
    if not principal.is_admin:
        _refuse_more(principal, _effective(found.ApiKey, found.Member))
    return end(session, found.ApiKey, found.Member)


def end(session: Session, key: ApiKey, member: Member) -> KeyView:
    """End a key at once, whoever asks."""
    now = store_now(session)
    key.revoked_at = key.revoked_at or now
    session.flush()
    log.info("api key revoked", key_id=key.id, subject_id=member.id)
    return KeyView.of(key, member, now)


def _seen_by(principal: Principal) -> Select[ApiKey, Member]:
    query = select(ApiKey, Member).join(Member, Member.id == ApiKey.member_id)
    query = query.where(Member.team_id == principal.team_id)
    return query if principal.is_admin else query.where(Member.id == principal.member_id)


def _visible(session: Session, principal: Principal, key_id: str, *, lock: bool = False) -> _Found:
    if not could_be_id(key_id):
        raise KeyNotFound(key_id)
    query = _seen_by(principal).where(ApiKey.id == key_id)
    row = session.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise KeyNotFound(key_id)
    return row


def _changeable(session: Session, principal: Principal, key_id: str) -> _Found:
    """A key that the caller may end, locked with its member: its own, or with more than looking also others."""
    if key_id == principal.key_id:
        return _visible(session, principal, key_id, lock=True)
    if Scope.READ not in principal.scopes:
        raise KeyNotFound(key_id)  # whoever may not look is not told which others there are
    found = _visible(session, principal, key_id, lock=True)
    if not principal.scopes & {Scope.SUBMIT, Scope.ADMIN}:
        raise NotAllowed("With the scope 'read' alone a key can be rotated or revoked by itself only.")
    return found


def _effective(key: ApiKey, member: Member) -> frozenset[Scope]:
    return frozenset(map(Scope, key.scopes)) & ROLE_SCOPES[Role(member.role)]


def _refuse_open(principal: Principal) -> None:
    # It would close the service to everybody who has none, perhaps by a key that can do little.
    if principal.is_open:
        raise NotAllowed(f"This service has no API keys yet. The first is made on its machine: {FIRST_KEY_COMMAND}")


def _refuse_more(principal: Principal, scopes: Collection[Scope]) -> None:
    more = sorted(set(scopes) - principal.scopes)
    if more:
        raise NotAllowed(
            f"The API key of this request has not the scope {_listed(more)} itself, so it cannot make or end a key "
            "that has."
        )


def _refuse_longer(session: Session, principal: Principal, ends: datetime | None) -> None:
    if principal.key_id is None or principal.is_admin:
        return
    own = session.scalar(select(ApiKey.expires_at).where(ApiKey.id == principal.key_id))
    if own is not None and (ends is None or ends > own):
        raise NotAllowed(
            f"The API key of this request ends at {own:%Y-%m-%d %H:%M} UTC, so it cannot make one that lasts longer. "
            "Give an expires_at before that, or ask an admin."
        )


def _refuse_odd_end(ends: datetime | None, now: datetime) -> None:
    if ends is not None and not now < ends <= now + LONGEST_LIFE:
        raise SpecError([SpecIssue("/expires_at", "Must be in the future, and not more than 5 years away.")])


def _refuse_crowd(session: Session, member: Member, now: datetime) -> None:
    live = (ApiKey.revoked_at.is_(None), ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now))
    query = select(func.count()).select_from(ApiKey).where(ApiKey.member_id == member.id, *live)
    number = session.scalar(query) or 0
    if number >= MOST_KEYS:
        raise LimitReached(f"'{member.name}' has {number} API keys, and cannot have more; revoke those not needed.")


def _forget_old(session: Session, member: Member, now: datetime) -> None:
    """Keep the last keys that have ended, so that rotating again and again does not fill the store."""
    ended = ApiKey.revoked_at.is_not(None) | (ApiKey.expires_at <= now)
    old = select(ApiKey.id).where(ApiKey.member_id == member.id, ended)
    old = old.order_by(ApiKey.created_at.desc(), ApiKey.id).offset(_ENDED_KEPT)
    session.execute(delete(ApiKey).where(ApiKey.id.in_(session.scalars(old).all())))


def _beyond(member: Member, scopes: Collection[Scope]) -> str:
    return f"'{member.name}' is {member.role} of the team, which goes without the scope {_listed(sorted(scopes))}."


def _listed(scopes: Collection[str]) -> str:
    return " and ".join(f"'{scope}'" for scope in scopes)
