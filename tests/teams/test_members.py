"""Members of a team: added, changed, removed; and there is always somebody who looks after it."""

import threading
from typing import Any

import pytest
from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import Database
from ayla_service.errors import LastAdmin, LimitReached, MemberNameTaken, MemberNotFound, NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams import members
from ayla_service.teams.members import NewMember
from ayla_service.teams.principal import LOCAL, Principal
from ayla_service.teams.schemas import Member as MemberAnswer
from sqlalchemy import func, select

from tests.factories import colleague, jobs, stranger, submit_as
from tests.keyring import holder_of, make_key

pytestmark = pytest.mark.every_store

TEAM = LOCAL.team_id


def add(database: Database, name: str, team_id: str = TEAM, **fields: Any) -> MemberAnswer:
    with database.write() as session:
        return members.add(session, team_id, NewMember(name, **fields))


def change(database: Database, member_id: str, team_id: str = TEAM, **changes: Any) -> MemberAnswer:
    with database.write() as session:
        return members.change(session, team_id, member_id, changes)


def remove(database: Database, member_id: str, team_id: str = TEAM) -> None:
    with database.write() as session:
        members.remove(session, team_id, member_id)


def names(database: Database, team_id: str = TEAM) -> list[str]:
    with database.read() as session:
        return [view.name for view in members.page(session, team_id, 1000, None).data]


def test_a_member_is_added_to_its_team_alone(database: Database) -> None:
    rival = stranger(database)
    added = add(database, "alice", role=Role.VIEWER, weight=2.5, limits={"steps": 10})
    assert (added.role, added.weight, added.limits, added.removed_at) == (Role.VIEWER, 2.5, {"steps": 10}, None)
    assert names(database) == ["local", "alice"]
    assert names(database, rival.team_id) == ["rival"]
    add(database, "alice", rival.team_id)


def test_a_name_is_taken_once(database: Database) -> None:
    add(database, "alice")
    with pytest.raises(MemberNameTaken, match="alice"):
        add(database, "alice")
    bob = add(database, "bob")
    with pytest.raises(MemberNameTaken, match="alice"):
        change(database, bob.id, name="alice")
    assert names(database) == ["local", "alice", "bob"]
    assert change(database, bob.id, name="bob").name == "bob"


def test_one_who_has_left_is_not_let_in_and_keeps_jobs_and_name(database: Database) -> None:
    other = colleague(database)
    key, job = make_key(database, other), submit_as(database, other)
    remove(database, other.member_id)
    with pytest.raises(NotAuthenticated):
        holder_of(database, key)
    assert names(database) == ["local"]
    assert jobs(database).get(job.id).owner == "colleague"
    assert jobs(database).cancel(job.id).state == "cancelled"
    with pytest.raises(MemberNotFound):
        remove(database, other.member_id)
    with pytest.raises(MemberNotFound):
        change(database, other.member_id, role=Role.ADMIN)
    with pytest.raises(MemberNameTaken):
        change(database, add(database, "bob").id, name="colleague")


def test_one_who_comes_back_is_the_same_member_without_the_old_keys(database: Database) -> None:
    other = colleague(database)
    key = make_key(database, other)
    remove(database, other.member_id)
    back = add(database, "colleague", role=Role.VIEWER)
    assert (back.id, back.role, back.removed_at) == (other.member_id, Role.VIEWER, None)
    with pytest.raises(NotAuthenticated):
        holder_of(database, key)
    assert holder_of(database, make_key(database, other)).role is Role.VIEWER


def test_limits_are_changed_one_by_one(database: Database) -> None:
    alice = add(database, "alice", limits={"steps": 10, "trials": 5})
    assert change(database, alice.id, limits={"steps": None, "workers": 2}).limits == {"trials": 5, "workers": 2}
    assert change(database, alice.id, weight=3.0).limits == {"trials": 5, "workers": 2}


@pytest.mark.parametrize(
    "leave",
    [
        lambda database, who: remove(database, who.member_id),
        lambda database, who: change(database, who.member_id, role=Role.MEMBER),
        lambda database, who: change(database, who.member_id, role=Role.VIEWER, weight=2.0),
    ],
)
def test_the_last_admin_stays(database: Database, leave: Any) -> None:
    colleague(database, role=Role.MEMBER)
    stranger(database)
    with pytest.raises(LastAdmin, match="'local' is the only admin"):
        leave(database, LOCAL)
    assert change(database, LOCAL.member_id, role=Role.ADMIN, weight=2.0).weight == 2.0
    successor = colleague(database, "successor", Role.ADMIN)
    leave(database, LOCAL)
    with pytest.raises(LastAdmin, match="'successor' is"):
        leave(database, successor)


def test_an_admin_who_has_left_does_not_count(database: Database) -> None:
    other = colleague(database, role=Role.ADMIN)
    remove(database, other.member_id)
    with pytest.raises(LastAdmin):
        remove(database, LOCAL.member_id)


def test_of_two_admins_who_leave_at_once_one_stays(database: Database) -> None:
    admins = [LOCAL, colleague(database, "second", Role.ADMIN)]
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def leave(who: Principal) -> None:
        ready.wait()
        try:
            remove(database, who.member_id)
            outcomes.append("left")
        except LastAdmin:
            outcomes.append("stayed")

    threads = [threading.Thread(target=leave, args=(who,)) for who in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["left", "stayed"]
    assert len(names(database)) == 1


def test_members_of_another_team_do_not_exist(database: Database) -> None:
    rival = stranger(database)
    for act in (
        lambda: change(database, rival.member_id, weight=5.0),
        lambda: remove(database, rival.member_id),
        lambda: change(database, "no id at all", weight=5.0),
        lambda: change(database, "x" * 35 + "\0", weight=5.0),
    ):
        with pytest.raises(MemberNotFound):
            act()
    with database.read() as session:
        assert members.member_of(session, rival.team_id, rival.member_id).weight == 1.0


def test_a_team_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 3)
    rival = stranger(database)
    add(database, "a")
    gone = add(database, "b")
    with pytest.raises(LimitReached, match="3 members"):
        add(database, "c")
    remove(database, gone.id)
    add(database, "c")
    with pytest.raises(LimitReached):
        add(database, "b")
    add(database, "a", rival.team_id)


def test_pages_follow_one_another(database: Database) -> None:
    for number in range(5):
        add(database, f"member {number}")
    seen, cursor = [], None
    while True:
        with database.read() as session:
            page = members.page(session, TEAM, 2, cursor)
        seen += [view.name for view in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["local", *(f"member {number}" for number in range(5))]


def test_adding_to_one_team_does_not_wait_for_another(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("there is one writer at a time")
    rival = stranger(database)
    with database.write() as session:
        session.execute(select(TeamRow.id).where(TeamRow.id == TEAM).with_for_update(key_share=True))
        add(database, "alice", rival.team_id)
        assert session.scalar(select(func.count()).select_from(MemberRow)) == 3
