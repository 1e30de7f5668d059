"""API keys: who they let in, for how long, and that the store does not know them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from ayla_service.db.models import ApiKeyRow, MemberRow
from ayla_service.db.session import Database, store_now
from ayla_service.errors import NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams.keys import KeyVerifier, has_valid_key
from ayla_service.teams.principal import DEFAULT_MEMBER_ID, LOCAL, Scope
from ayla_service.teams.tokens import digest_of, new_key
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import OperationalError

from tests.cases import each
from tests.factories import colleague, stranger
from tests.keyring import create, holder_of, make_key, set_role

pytestmark = pytest.mark.every_store


def change(database: Database, key: str, **values: object) -> None:
    with database.write() as session:
        session.execute(update(ApiKeyRow).where(ApiKeyRow.digest == digest_of(key)).values(**values))


def row(database: Database, key: str) -> ApiKeyRow:
    with database.write() as session:
        return session.scalars(select(ApiKeyRow).where(ApiKeyRow.digest == digest_of(key))).one()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that the store is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_key_is_long_and_random() -> None:
    made = {new_key() for _ in range(100)}
    assert len(made) == 100
    assert all(key.startswith("ayla_") and len(key) == 48 for key in made)


def test_a_key_stands_for_its_member(database: Database) -> None:
    rival = stranger(database)
    key = make_key(database, rival)
    found = holder_of(database, key)
    assert found == type(found)(
        rival.team_id, rival.member_id, rival.name, Role.ADMIN, frozenset(Scope), row(database, key).id
    )


def test_the_store_does_not_know_the_key(database: Database) -> None:
    key = make_key(database)
    holder_of(database, key)
    with database.read() as session:
        content = str(session.execute(text("SELECT * FROM api_keys")).all())
    assert digest_of(key) in content
    assert key not in content
    assert key[:12] in content
    assert key[:13] not in content


def test_what_is_made_does_not_show_the_key(database: Database) -> None:
    made = create(database, holder_of(database, make_key(database)))
    assert made.key[13:] not in repr(made)


@each("wrong", ["", "ayla_", "ayla_" + "x" * 43, "x" * 10_000, "ayla_é", "Ω", "a\x00b"])
def test_a_key_that_is_none_lets_nobody_in(database: Database, wrong: str) -> None:
    make_key(database)
    with pytest.raises(NotAuthenticated, match="not one of this service"):
        holder_of(database, wrong)


def test_a_key_lets_in_until_it_is_revoked(database: Database) -> None:
    key = make_key(database)
    keys = KeyVerifier(database)
    assert keys.principal(key).member_id == DEFAULT_MEMBER_ID
    change(database, key, revoked_at=row(database, key).created_at)
    with pytest.raises(NotAuthenticated, match="was revoked"):
        keys.principal(key)


def test_a_key_lets_in_until_it_expires(database: Database) -> None:
    key, created = make_key(database), None
    created = row(database, key).created_at
    change(database, key, expires_at=created + timedelta(hours=1))
    assert holder_of(database, key).key_id == row(database, key).id
    change(database, key, expires_at=created)
    with pytest.raises(NotAuthenticated, match=rf"{key[:12]}… expired on {created:%Y-%m-%d}"):
        holder_of(database, key)


def test_no_error_tells_a_key(database: Database) -> None:
    key = make_key(database)
    change(database, key, revoked_at=row(database, key).created_at)
    for shown in (key, key[:-1] + "x", f"{key}{key}"):
        with pytest.raises(NotAuthenticated) as caught:
            holder_of(database, shown)
        assert key[:13] not in caught.value.detail


def test_a_member_who_has_left_is_not_let_in(database: Database) -> None:
    other = colleague(database)
    key = make_key(database, other)
    with database.write() as session:
        session.get_one(MemberRow, other.member_id).removed_at = store_now(session)
    with pytest.raises(NotAuthenticated, match="was revoked"):
        holder_of(database, key)


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.VIEWER, {Scope.READ}),
        (Role.MEMBER, {Scope.READ, Scope.SUBMIT}),
        (Role.ADMIN, {Scope.READ, Scope.SUBMIT, Scope.ADMIN}),
    ],
)
def test_a_role_that_was_taken_away_takes_scopes_of_keys_along(
    database: Database, role: Role, scopes: set[Scope]
) -> None:
    other = colleague(database, role=Role.ADMIN)
    key = make_key(database, other)
    set_role(database, other, role)
    assert holder_of(database, key).scopes == scopes


def test_a_key_lets_do_no_more_than_it_says(database: Database) -> None:
    assert holder_of(database, make_key(database, scopes=[Scope.READ])).scopes == {Scope.READ}
    assert not holder_of(database, make_key(database, scopes=[Scope.SUBMIT, Scope.READ])).is_admin


def test_a_store_without_keys_is_open_and_one_that_had_some_is_closed_for_ever(database: Database) -> None:
    assert KeyVerifier(database).principal(None) == LOCAL
    key = make_key(database)
    change(database, key, revoked_at=row(database, key).created_at)
    with pytest.raises(NotAuthenticated, match="Authorization: Bearer"):
        KeyVerifier(database).principal(None)


def test_a_process_that_found_no_keys_looks_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, now = KeyVerifier(database), [100.0]
    monkeypatch.setattr("ayla_service.teams.keys.time.monotonic", lambda: now[0])
    assert keys.is_open()
    assert keys.is_known_open
    make_key(database)
    now[0] += 1.1
    assert not keys.is_known_open
    assert not keys.is_open()
    assert keys.is_known_closed


def test_once_it_is_closed_that_costs_no_look(database: Database) -> None:
    key, keys = make_key(database), KeyVerifier(database)
    keys.principal(key)
    with statements(database) as asked:
        assert not keys.is_open()
    assert asked == []


def test_whatever_is_wrong_with_a_key_costs_the_same_looks(database: Database) -> None:
    revoked, expired = make_key(database), make_key(database)
    change(database, revoked, revoked_at=row(database, revoked).created_at)
    change(database, expired, expires_at=row(database, expired).created_at)
    keys = KeyVerifier(database)
    keys.is_open()
    costs = []
    for key in (revoked, expired, "ayla_" + "x" * 43, "no key at all"):
        with statements(database) as asked, pytest.raises(NotAuthenticated):
            keys.principal(key)
        costs.append(asked)
    assert costs[0]
    assert all(cost == costs[0] for cost in costs)
    assert "digest = " in costs[0][-2] + costs[0][-1] + costs[0][0]


def test_the_last_use_is_noted_once_a_minute(database: Database) -> None:
    key, keys = make_key(database), KeyVerifier(database)
    assert row(database, key).last_used_at is None
    keys.principal(key)
    first = row(database, key).last_used_at
    assert first is not None
    keys.principal(key)
    assert row(database, key).last_used_at == first
    change(database, key, last_used_at=first - timedelta(minutes=2))
    keys.principal(key)
    noted = row(database, key).last_used_at
    assert noted is not None
    assert noted >= first


def test_a_use_that_cannot_be_noted_is_none_that_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, keys = make_key(database), KeyVerifier(database)

    def full() -> None:
        raise OperationalError("UPDATE", {}, Exception("disk is full"))

    monkeypatch.setattr(database, "write", full)
    assert keys.principal(key).member_id == DEFAULT_MEMBER_ID


def test_only_a_key_that_lets_somebody_in_is_valid(database: Database) -> None:
    def valid() -> bool:
        with database.read() as session:
            return has_valid_key(session)

    assert not valid()
    other = colleague(database)
    key = make_key(database, other)
    created = row(database, key).created_at
    assert valid()
    for values in ({"revoked_at": created}, {"revoked_at": None, "expires_at": created}):
        change(database, key, **values)
        assert not valid()
    change(database, key, expires_at=None)
    with database.write() as session:
        session.get_one(MemberRow, other.member_id).removed_at = created
    assert not valid()
