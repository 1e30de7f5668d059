"""Nobody gains rights by making or rotating API keys."""

from datetime import timedelta

import pytest
from ayla_service.db.session import Database
from ayla_service.errors import KeyEnded, MemberNotFound, NotAllowed, NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams import key_management, members
from ayla_service.teams.keys import KeyState
from ayla_service.teams.principal import LOCAL, Scope
from ayla_spec import SpecError

from tests.factories import colleague, stranger
from tests.keyring import create, holder_of, later, let_in, listed, make_key, revoke, rotate, set_role

READ, SUBMIT, ADMIN = Scope.READ, Scope.SUBMIT, Scope.ADMIN


def test_a_key_makes_another_with_all_that_it_may(database: Database) -> None:
    for scopes in ({READ, SUBMIT}, {READ, SUBMIT, ADMIN}, {SUBMIT}):
        made = create(database, let_in(database, scopes=scopes))
        assert holder_of(database, made.key).scopes == scopes
        assert made.member == "local"


@pytest.mark.parametrize(
    ("own", "wanted"), [({READ}, {SUBMIT}), ({READ, SUBMIT}, {ADMIN}), ({ADMIN}, {READ}), ({SUBMIT}, {READ, SUBMIT})]
)
def test_a_key_makes_none_that_may_more(database: Database, own: set[Scope], wanted: set[Scope]) -> None:
    caller = let_in(database, scopes=own)
    with pytest.raises(NotAllowed, match="has not the scope"):
        create(database, caller, scopes=wanted)
    assert listed(database, let_in(database)).count(caller.key_id or "") == 1


def test_a_key_makes_none_that_may_more_than_the_role_of_its_member(database: Database) -> None:
    viewer = colleague(database, role=Role.VIEWER)
    admin = let_in(database)
    with pytest.raises(SpecError, match="'colleague' is viewer of the team"):
        create(database, admin, viewer.member_id, scopes={READ, SUBMIT})
    assert create(database, admin, viewer.member_id).scopes == ["read"]


def test_an_admin_makes_keys_for_members_of_its_team_only(database: Database) -> None:
    admin, member, rival = let_in(database), let_in(database, colleague(database)), stranger(database)
    made = create(database, admin, member.member_id)
    assert holder_of(database, made.key).member_id == member.member_id
    with pytest.raises(MemberNotFound):
        create(database, admin, rival.member_id)
    with pytest.raises(NotAllowed, match="Only an admin"):
        create(database, member, LOCAL.member_id)
    with pytest.raises(NotAllowed, match="Only an admin"):
        create(database, member, rival.member_id)


def test_no_key_is_made_for_one_who_has_left(database: Database) -> None:
    admin, other = let_in(database), colleague(database)
    with database.write() as session:
        members.remove(session, other.team_id, other.member_id)
    with pytest.raises(MemberNotFound):
        create(database, admin, other.member_id)


def test_an_open_service_is_not_closed_over_http(database: Database) -> None:
    with pytest.raises(NotAllowed, match="ayla-service keys create"):
        create(database, LOCAL)
    assert listed(database, LOCAL) == []


def test_a_key_makes_none_that_outlives_it(database: Database) -> None:
    other = colleague(database)
    ends = later(database, days=10)
    caller = let_in(database, other, expires_at=ends)
    for expires_at in (None, ends + timedelta(seconds=1)):
        with pytest.raises(NotAllowed, match="cannot make one that lasts longer"):
            create(database, caller, expires_at=expires_at)
    assert create(database, caller, expires_at=ends).expires_at == ends
    lasting = let_in(database, other)
    assert create(database, lasting).expires_at is None


def test_an_admin_decides_how_long_keys_last(database: Database) -> None:
    admin = let_in(database, expires_at=later(database, days=1))
    assert create(database, admin).expires_at is None
    assert rotate(database, admin, admin.key_id, expires_at=later(database, days=9)).expires_at is not None


@pytest.mark.parametrize("days", [0, -1, 5 * 366 + 1])
def test_an_end_that_makes_no_sense_is_refused(database: Database, days: int) -> None:
    with pytest.raises(SpecError, match="in the future, and not more than 5 years"):
        create(database, let_in(database), expires_at=later(database, days=days))


def test_an_overlap_makes_no_key_live_longer(database: Database) -> None:
    ends = later(database, seconds=30)
    caller = let_in(database, expires_at=ends)
    rotate(database, caller, caller.key_id, overlap=600)
    with database.read() as session:
        assert key_management.key_of(session, caller, caller.key_id or "").expires_at == ends


def test_any_key_can_replace_and_revoke_itself_and_with_looking_alone_no_other(database: Database) -> None:
    viewer = colleague(database, role=Role.VIEWER)
    caller, other = let_in(database, viewer), let_in(database, viewer)
    for act in (rotate, revoke):
        with pytest.raises(NotAllowed, match="by itself only"):
            act(database, caller, other.key_id)
    made = rotate(database, caller, caller.key_id)
    new = holder_of(database, made.key)
    assert new.scopes == {READ}
    assert revoke(database, new, new.key_id).state is KeyState.REVOKED
    with pytest.raises(NotAuthenticated):
        holder_of(database, made.key)


def test_a_key_takes_over_none_that_may_more(database: Database) -> None:
    weak, strong = let_in(database, scopes={READ, SUBMIT}), let_in(database)
    for act in (rotate, revoke):
        with pytest.raises(NotAllowed, match="has not the scope 'admin'"):
            act(database, weak, strong.key_id)
    odd = let_in(database, scopes={ADMIN, READ})
    with pytest.raises(NotAllowed, match="'submit'"):
        rotate(database, odd, strong.key_id)
    assert revoke(database, odd, strong.key_id).state is KeyState.REVOKED


def test_rotating_does_not_give_back_what_a_role_took_away(database: Database) -> None:
    other = colleague(database, role=Role.ADMIN)
    key = make_key(database, other)
    set_role(database, other, Role.MEMBER)
    caller = holder_of(database, key)
    made = rotate(database, caller, caller.key_id)
    set_role(database, other, Role.ADMIN)
    assert holder_of(database, made.key).scopes == {READ, SUBMIT}


def test_what_has_ended_is_not_replaced(database: Database) -> None:
    admin = let_in(database)
    revoked, replaced = let_in(database), let_in(database)
    revoke(database, admin, revoked.key_id)
    rotate(database, admin, replaced.key_id)
    for key_id in (revoked.key_id, replaced.key_id):
        with pytest.raises(KeyEnded):
            rotate(database, admin, key_id)
