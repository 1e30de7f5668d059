"""Whether those who listen may still: keys end while streams are open."""

from collections.abc import Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.db.models import ApiKey, Member
from ayla_service.db.session import store_now
from ayla_service.teams.keys import KeyState, effective_scopes, has_keys, state_of
from ayla_service.teams.principal import Scope


def refused(session: Session, keys: Set[str | None]) -> Set[str | None]:
    """Those of the keys that let nobody listen any more; None stands for who came when the service had no keys."""
    now, valid = store_now(session), set[str | None]()
    query = select(ApiKey, Member).join(Member, Member.id == ApiKey.member_id)
    for key, member in session.execute(query.where(ApiKey.id.in_([key for key in keys if key is not None]))):
        is_valid = state_of(key, now) is KeyState.ACTIVE and member.removed_at is None
        if is_valid and Scope.READ in effective_scopes(key, member):
            valid.add(key.id)
    if None in keys and not has_keys(session):
        valid.add(None)
    return keys - valid
