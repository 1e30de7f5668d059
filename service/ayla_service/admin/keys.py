"""``ayla-service keys``: makes the first API key of a service; lists, rotates and revokes keys."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from ayla_spec.text import normalized
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from ayla_service.admin.common import (
    AsJson,
    DataDir,
    TeamName,
    find_member,
    find_team,
    member_named,
    team_named,
    transaction,
)
from ayla_service.admin.printing import checked_name, say, write_all, write_one
from ayla_service.admin.teams import new_team
from ayla_service.db.lookup import as_stored
from ayla_service.db.models import ApiKeyRow, MemberRow, TeamRow
from ayla_service.db.session import store_now
from ayla_service.processes.startup import StartError
from ayla_service.states import Role
from ayla_service.teams import key_management, members
from ayla_service.teams.key_management import KeyRequest
from ayla_service.teams.keys import LONGEST_OVERLAP
from ayla_service.teams.members import NewMember
from ayla_service.teams.principal import Scope
from ayla_service.teams.schemas import Key, KeyWithSecret

app = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke API keys.")

MemberName = Annotated[str, typer.Option("--member", help="Name of the member whose key it is.")]
ARole = Annotated[
    Role | None,
    typer.Option("--role", help="Of a member that is made. Default: admin for the first of a team, else member."),
]
Scopes = Annotated[
    list[Scope] | None, typer.Option("--scope", help="What the key lets do; repeatable. Default: all of the role.")
]
Days = Annotated[int | None, typer.Option("--expires-days", min=1, max=1826, help="When it ends. Default: never.")]
KeyName = Annotated[str, typer.Option("--name", help="What the key is for.")]
Create = Annotated[bool, typer.Option("--create", help="Make the team and the member, if they are not there.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Write the key and nothing else.")]
Which = Annotated[str, typer.Argument(metavar="PREFIX_OR_ID", help="Prefix of the key, as it is listed, or its id.")]
Overlap = Annotated[
    int,
    typer.Option(
        "--overlap-seconds",
        min=0,
        max=int(LONGEST_OVERLAP.total_seconds()),
        help="How long the old key goes on beside the new one.",
    ),
]

_COLUMNS = ("prefix", "team", "member", "name", "scopes", "state", "created_at", "expires_at", "last_used_at")


@app.command("create")
def create(
    team: TeamName,
    member: MemberName,
    name: KeyName = "made by the operator",
    role: ARole = None,
    scopes: Scopes = None,
    expires_days: Days = None,
    *,
    make: Create = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make an API key for a member of a team, and write it.

    It is written this once only: the store keeps no more than its digest. From the first key on the service lets nobody
    in without one. The team 'default' has what was submitted before.
    """
    wanted = KeyRequest(checked_name(name, "key"), frozenset(scopes) if scopes else None)
    with transaction(data_dir, migrate=True) as session:
        holder = _holder(session, team, member, role, make=make)
        now = store_now(session)
        ends = None if expires_days is None else now + timedelta(days=expires_days)
        made = key_management.issue(session, holder, KeyRequest(wanted.name, wanted.scopes, ends), now)
    _write_key(made, team, quiet=quiet, as_json=as_json)


@app.command("list")
def show(
    team: Annotated[str | None, typer.Option("--team", help="Only keys of this team.")] = None,
    member: Annotated[str | None, typer.Option("--member", help="Only keys of members with this name.")] = None,
    *,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the API keys, without the keys themselves."""
    query = _all_keys().order_by(TeamRow.name, MemberRow.name, ApiKeyRow.created_at)
    with transaction(data_dir) as session:
        if team is not None:
            query = query.where(TeamRow.id == team_named(session, team).id)
        if member is not None:
            query = query.where(MemberRow.name == normalized(member))
        now = store_now(session)
        found = [_record(row, now) for row in session.execute(query)]
    write_all(found, _COLUMNS, as_json=as_json)


@app.command("revoke")
def revoke(which: Which, data_dir: DataDir = None) -> None:
    """End an API key at once."""
    with transaction(data_dir) as session:
        found = _found(session, which)
        ended = key_management.end(session, found.ApiKeyRow, found.MemberRow)
    say(f"The key {ended.prefix}… of '{ended.member}' lets nobody in any more.")


@app.command("rotate")
def rotate(
    which: Which,
    overlap_seconds: Overlap = 0,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make an API key that takes the place of another, and write it."""
    with transaction(data_dir) as session:
        found = _found(session, which)
        made = key_management.replace(session, found.ApiKeyRow, found.MemberRow, timedelta(seconds=overlap_seconds))
        team = found.TeamRow.name
    _write_key(made, team, quiet=quiet, as_json=as_json)


def _holder(session: Session, team_name: str, name: str, role: Role | None, *, make: bool) -> MemberRow:
    """The member whose key is made; added to the team first if asked for."""
    if not make:
        team = team_named(session, team_name)
        return _with_role(member_named(session, team, name), role)
    team = find_team(session, team_name) or new_team(session, team_name)
    there = find_member(session, team, name)
    if there is not None:
        return _with_role(there, role)
    role = role or (Role.MEMBER if _has_keys(session, team) else Role.ADMIN)
    added = members.add(session, team.id, NewMember(checked_name(name, "member"), role))
    return members.current_member(session, team.id, added.id)


def _with_role(member: MemberRow, role: Role | None) -> MemberRow:
    if role is not None and member.role != role:
        raise StartError(f"'{member.name}' is {member.role} already; change that with 'ayla-service members set'.")
    return member


def _has_keys(session: Session, team: TeamRow) -> bool:
    query = (
        select(ApiKeyRow.id).join(MemberRow, MemberRow.id == ApiKeyRow.member_id).where(MemberRow.team_id == team.id)
    )
    return session.scalar(query.limit(1)) is not None


def _all_keys() -> Select[ApiKeyRow, MemberRow, TeamRow]:
    query = select(ApiKeyRow, MemberRow, TeamRow).join(MemberRow, MemberRow.id == ApiKeyRow.member_id)
    return query.join(TeamRow, TeamRow.id == MemberRow.team_id)


def _found(session: Session, which: str) -> Row[ApiKeyRow, MemberRow, TeamRow]:
    """The key with this prefix or id, locked with its member until the transaction ends."""
    wanted = which.removesuffix("…")
    query = (
        _all_keys()
        .where((ApiKeyRow.prefix == wanted) | (ApiKeyRow.id == as_stored(wanted)))
        .with_for_update(key_share=True)
    )
    found = session.execute(query).all() if wanted.isprintable() else []
    if len(found) != 1:
        ids = ", ".join(row.ApiKeyRow.id for row in found)
        raise StartError(
            f"Several keys begin so; name one by its id: {ids}."
            if found
            else "There is no such key; 'ayla-service keys list' lists the keys. Give a prefix or an id, not the key."
        )
    return found[0]


def _record(row: Row[ApiKeyRow, MemberRow, TeamRow], now: datetime) -> dict[str, object]:
    return {**Key.of(row.ApiKeyRow, row.MemberRow, now).model_dump(), "team": row.TeamRow.name}


def _write_key(made: KeyWithSecret, team: str, *, quiet: bool, as_json: bool) -> None:
    if not quiet:
        until = "" if made.expires_at is None else f", until {made.expires_at:%Y-%m-%d %H:%M} UTC"
        say(
            f"A key of '{made.member}' in the team '{team}' for {', '.join(made.scopes)}{until}. It is shown this once "
            "only; keep it in AYLA_API_KEY or a file that only you can read."
        )
    if as_json:
        write_one({**made.model_dump(exclude={"key"}), "team": team, "key": made.key})
    else:
        typer.echo(made.key)
