"""API keys for tests: made as a service makes them, and shown as clients show them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from ayla_service.db.models import MemberRow
from ayla_service.db.session import Database, store_now
from ayla_service.states import Role
from ayla_service.teams import key_management
from ayla_service.teams.key_management import KeyRequest, issue
from ayla_service.teams.keys import KeyVerifier
from ayla_service.teams.principal import LOCAL, Principal, Scope
from ayla_service.teams.schemas import Key, KeyWithSecret


def make_key(
    database: Database,
    holder: Principal = LOCAL,
    scopes: Collection[Scope] | None = None,
    expires_at: datetime | None = None,
    name: str = "of a test",
) -> str:
    """A key of a member; default: with all that its role allows."""
    with database.write() as session:
        member = session.get_one(MemberRow, holder.member_id)
        return issue(session, member, KeyRequest(name, scopes, expires_at), store_now(session)).key


def holder_of(database: Database, key: str) -> Principal:
    """Who a request with this key comes from."""
    return KeyVerifier(database).principal(key)


def shown(key: str) -> dict[str, str]:
    """The headers of a request with this key."""
    return {"Authorization": f"Bearer {key}"}


def set_role(database: Database, holder: Principal, role: Role) -> None:
    """Give a member another role, whoever is left."""
    with database.write() as session:
        session.get_one(MemberRow, holder.member_id).role = role


def let_in(
    database: Database,
    who: Principal = LOCAL,
    scopes: Collection[Scope] | None = None,
    expires_at: datetime | None = None,
) -> Principal:
    """Who comes with a new key of somebody."""
    return holder_of(database, make_key(database, who, scopes, expires_at))


def create(database: Database, caller: Principal, member_id: str | None = None, **wish: Any) -> KeyWithSecret:
    """Make a key as its holder does."""
    with database.write() as session:
        return key_management.create(session, caller, member_id or caller.member_id, KeyRequest("new", **wish))


def rotate(database: Database, caller: Principal, key_id: str | None, overlap: int = 0, **ends: Any) -> KeyWithSecret:
    """Replace a key as its holder does."""
    with database.write() as session:
        return key_management.rotate(session, caller, key_id or "", timedelta(seconds=overlap), **ends)


def revoke(database: Database, caller: Principal, key_id: str | None) -> Key:
    """Revoke a key as its holder does."""
    with database.write() as session:
        return key_management.revoke(session, caller, key_id or "")


def listed(database: Database, caller: Principal, **wanted: Any) -> list[str]:
    """The ids of the keys that somebody sees."""
    with database.read() as session:
        return [view.id for view in key_management.page(session, caller, wanted.get("member_id"), 200, None).data]


def later(database: Database, **amount: float) -> datetime:
    """The store's time in a while."""
    with database.read() as session:
        return store_now(session) + timedelta(**amount)
