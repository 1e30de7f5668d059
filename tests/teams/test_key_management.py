"""API keys are listed, replaced and revoked, by those whose they are."""

from datetime import timedelta

import pytest
from ayla_service.db.models import ApiKeyRow
from ayla_service.db.session import Database
from ayla_service.errors import KeyNotFound, LimitReached
from ayla_service.teams import key_management
from ayla_service.teams.keys import KeyState
from ayla_service.teams.principal import Scope
from sqlalchemy import func, select

from tests.factories import colleague, stranger
from tests.keyring import create, holder_of, later, let_in, listed, make_key, revoke, rotate

pytestmark = pytest.mark.every_store

READ, SUBMIT = Scope.READ, Scope.SUBMIT


def test_a_key_is_replaced_by_one_that_may_the_same(database: Database) -> None:
    ends = later(database, days=3)
    caller = let_in(database, colleague(database), {READ, SUBMIT}, ends)
    made = rotate(database, caller, caller.key_id)
    assert (made.scopes, made.expires_at, made.name) == (["read", "submit"], ends, "of a test")
    new = holder_of(database, made.key)
    assert new.member_id == caller.member_id
    assert new.key_id != caller.key_id
    with database.read() as session:
        assert key_management.key_of(session, new, caller.key_id or "").state is KeyState.EXPIRED


def test_an_old_key_goes_on_for_an_overlap(database: Database) -> None:
    key = make_key(database)
    caller, before = holder_of(database, key), later(database)
    rotate(database, caller, caller.key_id, overlap=60)
    assert holder_of(database, key).key_id == caller.key_id
    with database.read() as session:
        ends = key_management.key_of(session, caller, caller.key_id or "").expires_at
    assert ends is not None
    assert timedelta(seconds=60) <= ends - before < timedelta(seconds=70)


def test_revoking_again_changes_nothing(database: Database) -> None:
    admin, other = let_in(database), let_in(database)
    first = revoke(database, admin, other.key_id)
    assert revoke(database, admin, other.key_id) == first


def test_keys_of_others_do_not_exist(database: Database) -> None:
    member, admin = let_in(database, colleague(database)), let_in(database)
    rival = let_in(database, stranger(database))
    for caller, key_id in (
        (member, admin.key_id),
        (admin, rival.key_id),
        (rival, admin.key_id),
        (admin, "no id"),
        (admin, "x" * 35 + "\0"),
    ):
        for act in (rotate, revoke):
            with pytest.raises(KeyNotFound):
                act(database, caller, key_id)
        with pytest.raises(KeyNotFound), database.read() as session:
            key_management.key_of(session, caller, key_id or "")
    assert listed(database, member) == [member.key_id]
    assert set(listed(database, admin)) == {admin.key_id, member.key_id}
    assert listed(database, rival) == [rival.key_id]
    assert listed(database, admin, member_id=member.member_id) == [member.key_id]
    assert listed(database, admin, member_id=rival.member_id) == []
    assert listed(database, admin, member_id="\0") == []


def test_a_member_has_only_so_many_keys(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_management, "MOST_KEYS", 3)
    caller = let_in(database)
    create(database, caller)
    last = create(database, caller)
    with pytest.raises(LimitReached, match="'local' has 3 API keys"):
        create(database, caller)
    with pytest.raises(LimitReached):
        rotate(database, caller, last.id, overlap=60)
    rotate(database, caller, last.id)
    create(database, let_in(database, colleague(database)))


def test_keys_that_have_ended_are_forgotten_at_some_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_management, "_ENDED_KEPT", 2)
    caller, other = let_in(database), let_in(database, colleague(database))
    revoke(database, other, other.key_id)
    for _ in range(5):
        caller = holder_of(database, rotate(database, caller, caller.key_id).key)
    with database.read() as session:
        of_this = select(func.count()).select_from(ApiKeyRow).where(ApiKeyRow.member_id == caller.member_id)
        assert session.scalar(of_this) == 3
        assert session.get(ApiKeyRow, other.key_id) is not None
    assert listed(database, caller)[0] == caller.key_id
