"""``ayla-service teams``, ``members`` and ``keys``: the operator's own way to the store."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ayla_service.db.session import Database
from ayla_service.errors import NotAuthenticated
from ayla_service.states import Role
from ayla_service.teams.principal import DEFAULT_TEAM_ID, Principal, Scope

from tests.admin.commands import Command, Ended, runner, said
from tests.factories import submit
from tests.keyring import holder_of


@pytest.fixture
def command(store_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command on a store that is migrated and empty."""
    return runner(store_path.parent, monkeypatch, capsys)


def done(ended: Ended) -> Ended:
    assert ended.code == 0, ended
    return ended


def listed(command: Command, *what: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(command(*what, "--json")).out)
    return found


def key(command: Command, team: str = "research", member: str = "alice", *options: str) -> str:
    made = done(command("keys", "create", "--team", team, "--member", member, "-q", *options))
    assert made.err == ""
    return made.out.strip()


def holder(database: Database, key: str) -> Principal:
    return holder_of(database, key)


def test_the_first_key_makes_team_and_admin(command: Command, database: Database) -> None:
    ended = done(command("keys", "create", "--team", "research", "--member", "alice", "--create"))
    assert re.fullmatch(r"ayla_[A-Za-z0-9_-]{43}\n", ended.out)
    assert "'alice' in the team 'research' for admin, read, submit" in ended.err
    assert ended.out.strip() not in ended.err
    found = holder(database, ended.out.strip())
    assert (found.name, found.role, found.scopes) == ("alice", Role.ADMIN, frozenset(Scope))
    assert found.team_id != DEFAULT_TEAM_ID
    second = holder(database, key(command, "research", "bob", "--create"))
    assert (second.team_id, second.role) == (found.team_id, Role.MEMBER)
    third = holder(database, key(command, "research", "carol", "--create", "--role", "viewer"))
    assert third.role is Role.VIEWER


def test_names_are_found_however_they_are_written(command: Command) -> None:
    """An ë is one character, or an e with an accent: names that look the same are the same."""
    composed, apart = "Zo\u00eb", "Zoe\u0308"
    done(command("teams", "create", apart))
    assert "already" in command("teams", "create", composed).err
    done(command("teams", "set", composed, "--name", f"{apart} x"))
    done(command("teams", "set", f"{composed} x", "--name", f"{apart} x", "--weight", "2"))
    done(command("members", "add", apart, "--team", f"{composed} x"))
    key(command, f"{apart} x", composed, "--name", apart)
    key(command, apart, apart, "--create")
    names = {name for each in listed(command, "keys", "list") for name in (each["team"], each["member"], each["name"])}
    assert names == {f"{composed} x", composed, "made by the operator"}
    assert {team["name"] for team in listed(command, "teams", "list")} == {"default", f"{composed} x", composed}


def test_what_was_submitted_without_keys_belongs_to_the_team_default(command: Command, database: Database) -> None:
    job = submit(database)
    owner = holder(database, key(command, "default", "alice", "--create"))
    assert owner.role is Role.ADMIN
    assert owner.team_id == DEFAULT_TEAM_ID
    assert job.owner == "local"
    assert holder(database, key(command, "default", "local")).name == "local"


def test_in_a_new_folder_the_first_key_makes_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = runner(tmp_path / "new", monkeypatch, capsys)
    assert "run 'ayla-service migrate' first" in said(command("teams", "list"))
    assert key(command, "t", "m", "--create").startswith("ayla_")
    assert [team["name"] for team in listed(command, "teams", "list")] == ["default", "t"]


def test_nothing_is_made_that_was_not_asked_for(command: Command) -> None:
    assert "no team 'research'" in said(command("keys", "create", "--team", "research", "--member", "alice"))
    assert "has no member 'alice'" in said(command("keys", "create", "--team", "default", "--member", "alice"))
    assert listed(command, "keys", "list") == []
    assert [team["name"] for team in listed(command, "teams", "list")] == ["default"]


def test_a_key_is_made_as_told(command: Command, database: Database) -> None:
    key(command, "research", "alice", "--create")
    made = done(
        command(
            *("keys", "create", "--team", "research", "--member", "alice", "--json", "--name", "ci"),
            *("--scope", "read", "--scope", "submit", "--expires-days", "30"),
        )
    )
    told = json.loads(made.out)
    assert (told["name"], told["scopes"], told["team"], told["state"]) == (
        "ci",
        ["read", "submit"],
        "research",
        "active",
    )
    assert told["expires_at"] is not None
    assert holder(database, told["key"]).scopes == {Scope.READ, Scope.SUBMIT}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--scope", "admin"], "'bob' is viewer of the team, which goes without the scope 'admin'"),
        (["--role", "admin"], "'bob' is viewer already"),
        (["--create", "--role", "member"], "'bob' is viewer already"),
        (["--name", "a\nb"], "The name of a key is printable text on one line"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(command: Command, options: list[str], reason: str) -> None:
    key(command, "research", "bob", "--create", "--role", "viewer")
    assert reason in said(command("keys", "create", "--team", "research", "--member", "bob", *options))
    assert len(listed(command, "keys", "list")) == 1


def test_keys_are_listed_without_the_keys(command: Command) -> None:
    first, second = key(command, "a", "m", "--create"), key(command, "b", "m", "--create")
    shown = done(command("keys", "list")).out
    assert re.search(rf"^{first[:12]} +a +m +made by the operator +admin,read,submit +active ", shown, re.M)
    assert first[13:] not in shown
    assert first[13:] not in str(listed(command, "keys", "list"))
    assert [each["prefix"] for each in listed(command, "keys", "list", "--team", "b")] == [second[:12]]
    assert listed(command, "keys", "list", "--member", "nobody") == []
    said(command("keys", "list", "--team", "nobody"))


def test_a_key_is_revoked_by_its_prefix_or_id(command: Command, database: Database) -> None:
    first, second = key(command, "a", "m", "--create"), key(command, "a", "m")
    assert "lets nobody in any more" in done(command("keys", "revoke", f"{first[:12]}…")).err
    ids = {each["prefix"]: each["id"] for each in listed(command, "keys", "list")}
    done(command("keys", "revoke", ids[second[:12]]))
    for each in (first, second):
        with pytest.raises(NotAuthenticated, match="revoked"):
            holder(database, each)
    assert "no such key" in said(command("keys", "revoke", "ayla_nothing"))
    assert "has expired or was revoked" in said(command("keys", "rotate", first[:12]))


def test_a_key_is_rotated(command: Command, database: Database) -> None:
    old = key(command, "a", "m", "--create")
    new = done(command("keys", "rotate", old[:12], "--overlap-seconds", "60", "-q")).out.strip()
    assert holder(database, old).member_id == holder(database, new).member_id
    newest = json.loads(done(command("keys", "rotate", new[:12], "--json")).out)["key"]
    with pytest.raises(NotAuthenticated):
        holder(database, new)
    assert holder(database, newest).role is Role.ADMIN


def test_teams_are_made_listed_and_changed(command: Command) -> None:
    done(command("teams", "create", "research", "--weight", "2", "--limit", "queued_jobs=100", "--limit", "steps=5"))
    assert "already" in said(command("teams", "create", "research"))
    done(command("members", "add", "alice", "--team", "research"))
    shown = done(command("teams", "list")).out
    assert re.search(r"^research +1 +2 +queued_jobs=100,steps=5 +- +- +2", shown, re.M)
    done(command("teams", "set", "research", "--limit", "steps=none", "--weight", "0.5", "--name", "lab"))
    lab = next(team for team in listed(command, "teams", "list") if team["name"] == "lab")
    assert (lab["weight"], lab["limits"], lab["members"]) == (0.5, {"queued_jobs": 100}, 1)
    assert "already" in said(command("teams", "set", "lab", "--name", "default"))
    assert "no team 'research'" in said(command("teams", "set", "research", "--weight", "1"))


def test_members_are_added_listed_changed_and_removed(command: Command, database: Database) -> None:
    done(command("members", "add", "alice", "--team", "default", "--role", "admin", "--limit", "trials=7"))
    assert "had a member named 'alice'" in said(command("members", "add", "alice", "--team", "default"))
    alices = key(command, "default", "alice")
    shown = done(command("members", "list", "--team", "default")).out
    assert re.search(r"^alice +admin +1 +trials=7 ", shown, re.M)
    done(command("members", "set", "alice", "--team", "default", "--role", "member", "--weight", "3"))
    alice = listed(command, "members", "list", "--team", "default")[0]
    assert (alice["name"], alice["role"], alice["weight"], alice["limits"]) == ("alice", "member", 3.0, {"trials": 7})
    assert "only admin" in said(command("members", "remove", "local", "--team", "default"))
    done(command("members", "remove", "alice", "--team", "default"))
    with pytest.raises(NotAuthenticated):
        holder(database, alices)
    assert "has no member 'alice'" in said(command("members", "remove", "alice", "--team", "default"))


def test_queues_are_switched_for_one_team_or_all(command: Command) -> None:
    done(command("teams", "create", "lab"))

    def switches() -> dict[str, tuple[bool, bool]]:
        teams = listed(command, "teams", "list")
        return {team["name"]: (bool(team["paused_at"]), bool(team["draining_at"])) for team in teams}

    assert re.search(r"^lab +20\d\d-.* +-$", done(command("queue", "pause", "--team", "lab")).out, re.M)
    assert switches() == {"default": (False, False), "lab": (True, False)}
    done(command("queue", "drain", "--all"))
    assert switches() == {"default": (False, True), "lab": (True, True)}
    done(command("queue", "resume", "--team", "lab"))
    assert switches() == {"default": (False, True), "lab": (False, False)}
    done(command("queue", "resume", "--all"))
    assert switches() == {"default": (False, False), "lab": (False, False)}
    for wrong in ([], ["--all", "--team", "lab"]):
        assert "--team, or all of them with --all" in said(command("queue", "pause", *wrong))
    assert "no team 'nobody'" in said(command("queue", "pause", "--team", "nobody"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["teams", "create", "t", "--limit", "jobs=1"],
        ["teams", "create", "t", "--limit", "steps"],
        ["teams", "create", "t", "--limit", "steps=-1"],
        ["teams", "create", "t", "--limit", "steps=1e3"],
        ["teams", "create", "t", "--limit", f"steps={10**30}"],
        ["teams", "create", "t", "--weight", "0"],
        ["members", "add", "m", "--team", "default", "--role", "owner"],
        ["members", "add", "m"],
        ["keys", "create", "--team", "t", "--member", "m", "--scope", "all"],
        ["keys", "create", "--team", "t", "--member", "m", "--expires-days", "0"],
        ["keys", "rotate", "x", "--overlap-seconds", "604801"],
    ],
)
def test_a_wrong_option_is_a_usage_error(command: Command, arguments: list[str]) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert "Usage: " in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\tb"])
def test_a_name_that_is_none_is_refused(command: Command, name: str) -> None:
    assert "name of a team" in said(command("teams", "create", name))
    assert "name of a member" in said(command("members", "add", name, "--team", "default"))
