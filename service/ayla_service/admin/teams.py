"""``ayla-service teams``: makes, lists and changes teams."""

import uuid
from typing import Annotated

import typer
from ayla_spec.text import normalized
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ayla_service.admin.common import AsJson, DataDir, Limits, Weight, find_team, team_named, transaction
from ayla_service.admin.printing import checked_name, say, write_all
from ayla_service.db.models import MemberRow, TeamRow
from ayla_service.db.session import store_now
from ayla_service.processes.startup import StartError
from ayla_service.teams.members import merged

app = typer.Typer(no_args_is_help=True, help="Make, list and change teams.\n\nWho is in one: ayla-service members.")

Name = Annotated[str, typer.Argument(help="Name of the team.")]
NewName = Annotated[str | None, typer.Option("--name", help="Another name.")]

_COLUMNS = ("name", "members", "weight", "limits", "paused_at", "draining_at", "created_at")


@app.command("create")
def create(name: Name, weight: Weight = None, limits: Limits = None, data_dir: DataDir = None) -> None:
    """Make a team. Its first API key: ayla-service keys create."""
    with transaction(data_dir) as session:
        made = new_team(session, name)
        made.weight, made.limits = weight or 1.0, merged({}, dict(limits or ()))
    say(f"Team '{name}' made. Its first key: ayla-service keys create --team '{name}' --member NAME --create")


@app.command("list")
def show(*, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the teams."""
    members = func.count(MemberRow.id).filter(MemberRow.removed_at.is_(None))
    query = (
        select(TeamRow, members)
        .outerjoin(MemberRow, MemberRow.team_id == TeamRow.id)
        .group_by(TeamRow.id)
        .order_by(TeamRow.name)
    )
    with transaction(data_dir) as session:
        found = [{**_record(team), "members": count} for team, count in session.execute(query)]
    write_all(found, _COLUMNS, as_json=as_json)


@app.command("set")
def change(
    name: Name, new_name: NewName = None, weight: Weight = None, limits: Limits = None, data_dir: DataDir = None
) -> None:
    """Change a team's name, weight or limits.

    The weight is its share of the workers beside other teams. The limits are of all members together; what a single
    member may have, the team's admins set.
    """
    with transaction(data_dir) as session:
        team = team_named(session, name)
        if new_name is not None and normalized(new_name) != team.name:
            team.name = _free_name(session, new_name)
        if weight is not None:
            team.weight = weight
        team.limits = merged(team.limits, dict(limits or ()))
        shown = _record(team)
    write_all([{**shown, "members": ""}], [column for column in _COLUMNS if column != "members"], as_json=False)


def new_team(session: Session, name: str) -> TeamRow:
    """Make a team.

    Raises:
        StartError: if there is one of this name, or the name is none.
    """
    team = TeamRow(id=str(uuid.uuid4()), name=_free_name(session, name), limits={}, created_at=store_now(session))
    session.add(team)
    session.flush()
    return team


def _record(team: TeamRow) -> dict[str, object]:
    """A team for the terminal: with its limits as they are set, not with what is used of them as over HTTP."""
    columns = ("id", "name", "weight", "limits", "paused_at", "draining_at", "created_at")
    return {name: getattr(team, name) for name in columns}


def _free_name(session: Session, name: str) -> str:
    checked = checked_name(name, "team")
    if find_team(session, checked) is not None:
        raise StartError(f"There is a team '{name}' already.")
    return checked
