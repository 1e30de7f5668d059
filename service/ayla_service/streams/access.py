"""Checks, now and then, whether those to whom streams are sent may still read."""

from collections.abc import Set
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import ApiKeyRow, MemberRow, SessionRow
from ayla_service.teams import sessions
from ayla_service.teams.keys import KeyState, effective_scopes, has_keys, state_of
from ayla_service.teams.principal import Credential, Scope


def refused_credentials(session: Session, credentials: Set[Credential], now: datetime) -> Set[Credential]:
    """Those of the credentials that do not let read any more."""
    if not credentials:
        return frozenset()
    keys = _reading_keys(session, {key_id for key_id, _ in credentials if key_id is not None}, now)
    live = _live_sessions(session, {digest for _, digest in credentials if digest is not None}, now)
    is_open = Credential(None) in credentials and not has_keys(session)
    return {
        each
        for each in credentials
        if not (
            is_open if each.key_id is None else each.key_id in keys and (each.session is None or each.session in live)
        )
    }


def _reading_keys(session: Session, key_ids: Set[str], now: datetime) -> Set[str]:
    """Those of the keys that are valid and let read."""
    query = select(ApiKeyRow, MemberRow).join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
    return {
        key.id
        for key, member in session.execute(query.where(ApiKeyRow.id.in_(key_ids)))
        if state_of(key, now) is KeyState.ACTIVE
        and member.removed_at is None
        and Scope.READ in effective_scopes(key, member)
    }


def _live_sessions(session: Session, digests: Set[str], now: datetime) -> Set[str]:
    if not digests:
        return frozenset()
    query = select(SessionRow.digest).where(SessionRow.digest.in_(digests), sessions.is_live(now))
    return frozenset(session.scalars(query))
