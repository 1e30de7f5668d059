"""``ayla-service members``: adds, lists, changes and removes members of teams. Admins can do the same over HTTP."""

from typing import Annotated

import typer
from sqlalchemy import select

from ayla_service.admin.common import AsJson, DataDir, Limits, TeamName, Weight, member_named, team_named, transaction
from ayla_service.admin.printing import checked_name, say, write_all
from ayla_service.db.models import MemberRow
from ayla_service.states import Role
from ayla_service.teams import members
from ayla_service.teams.members import NewMember, merged
from ayla_service.teams.schemas import Member as MemberAnswer

app = typer.Typer(no_args_is_help=True, help="Add, list, change and remove members of teams.")

Name = Annotated[str, typer.Argument(help="Name of the member.")]
ARole = Annotated[Role | None, typer.Option("--role", help="Look (viewer), also submit (member), or manage (admin).")]

_COLUMNS = ("name", "role", "weight", "limits", "created_at", "id")


@app.command("add")
def add(
    name: Name,
    team: TeamName,
    role: ARole = Role.MEMBER,
    weight: Weight = None,
    limits: Limits = None,
    data_dir: DataDir = None,
) -> None:
    """Add a member to a team.

    One who has left the team comes back with its jobs, and without API keys.
    """
    new = NewMember(checked_name(name, "member"), role or Role.MEMBER, weight or 1.0, merged({}, dict(limits or ())))
    with transaction(data_dir) as session:
        members.add(session, team_named(session, team).id, new)
    say(f"'{name}' is in the team '{team}' now. A key: ayla-service keys create --team '{team}' --member '{name}'")


@app.command("list")
def show(team: TeamName, *, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the members of a team."""
    with transaction(data_dir) as session:
        query = select(MemberRow).where(
            MemberRow.team_id == team_named(session, team).id, MemberRow.removed_at.is_(None)
        )
        found = [MemberAnswer.of(row).model_dump() for row in session.scalars(query.order_by(MemberRow.name))]
    write_all(found, _COLUMNS, as_json=as_json)


@app.command("set")
def change(
    name: Name,
    team: TeamName,
    role: ARole = None,
    weight: Weight = None,
    limits: Limits = None,
    data_dir: DataDir = None,
) -> None:
    """Change a member's role, weight or limits."""
    given = {"role": role, "weight": weight, "limits": dict(limits) if limits else None}
    with transaction(data_dir) as session:
        found = team_named(session, team)
        member = member_named(session, found, name)
        changes = {what: value for what, value in given.items() if value is not None}
        changed = members.change(session, found.id, member.id, changes)
    write_all([changed.model_dump()], _COLUMNS, as_json=False)


@app.command("remove")
def remove(name: Name, team: TeamName, data_dir: DataDir = None) -> None:
    """Remove a member from a team.

    Its API keys let nobody in from then on; its jobs go on and keep their owner.
    """
    with transaction(data_dir) as session:
        found = team_named(session, team)
        members.remove(session, found.id, member_named(session, found, name).id)
    say(f"'{name}' has left the team '{team}'.")
