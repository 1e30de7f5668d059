"""API keys for tests: made as a service makes them, and shown as clients show them."""

from collections.abc import Collection
from datetime import datetime

from ayla_service.db.models import Member
from ayla_service.db.session import Database, store_now
from ayla_service.states import Role
from ayla_service.teams.issuing import KeyWish, issue
from ayla_service.teams.keys import KeyRing
from ayla_service.teams.principal import LOCAL, Principal, Scope


def make_key(
    database: Database,
    holder: Principal = LOCAL,
    scopes: Collection[Scope] | None = None,
    expires_at: datetime | None = None,
    name: str = "of a test",
) -> str:
    """A key of a member; default: with all that its role allows."""
    with database.write() as session:
        member = session.get_one(Member, holder.member_id)
        return issue(session, member, KeyWish(name, scopes, expires_at), store_now(session)).key


def holder_of(database: Database, key: str) -> Principal:
    """Who a request with this key comes from."""
    return KeyRing(database).principal(key)


def shown(key: str) -> dict[str, str]:
    """The headers of a request with this key."""
    return {"Authorization": f"Bearer {key}"}


def set_role(database: Database, holder: Principal, role: Role) -> None:
    """Give a member another role, whoever is left."""
    with database.write() as session:
        session.get_one(Member, holder.member_id).role = role
