"""``ayla-service queue``: pauses, drains and resumes the queues of teams. Admins can do the same over HTTP."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ayla_service.admin.common import DataDir, team_named, transaction
from ayla_service.admin.printing import write_all
from ayla_service.db.models import TeamRow
from ayla_service.db.session import store_now
from ayla_service.processes.startup import StartError
from ayla_service.queue import control
from ayla_service.queue.schemas import Switches

app = typer.Typer(no_args_is_help=True, help="Pause, drain and resume the queues of teams.")

OneTeam = Annotated[str | None, typer.Option("--team", help="Name of the team.")]
AllTeams = Annotated[bool, typer.Option("--all", help="All teams, as before the machines are maintained.")]

Switch = Callable[[Session, str, datetime], Switches]


@app.command("pause")
def pause(team: OneTeam = None, *, all_teams: AllTeams = False, data_dir: DataDir = None) -> None:
    """Start nothing more of a team's queue.

    What runs goes on, and new jobs are taken.
    """
    _switch(control.pause, team, all_teams=all_teams, data_dir=data_dir)


@app.command("drain")
def drain(team: OneTeam = None, *, all_teams: AllTeams = False, data_dir: DataDir = None) -> None:
    """Take nothing new on a team's queue.

    What is on it is run.
    """
    _switch(control.drain, team, all_teams=all_teams, data_dir=data_dir)


@app.command("resume")
def resume(team: OneTeam = None, *, all_teams: AllTeams = False, data_dir: DataDir = None) -> None:
    """Take and start jobs of a team again.

    Idle workers notice within seconds.
    """
    _switch(control.resume, team, all_teams=all_teams, data_dir=data_dir)


def _switch(switch: Switch, name: str | None, *, all_teams: bool, data_dir: Path | None) -> None:
    if (name is None) != all_teams:
        raise StartError("Name a team with --team, or all of them with --all.")
    with transaction(data_dir) as session:
        now = store_now(session)
        shown = [{"team": team.name, **switch(session, team.id, now).model_dump()} for team in _teams(session, name)]
    write_all(shown, ("team", "paused_at", "draining_at"), as_json=False)


def _teams(session: Session, name: str | None) -> Sequence[TeamRow]:
    # In one order, so that two who switch all teams at once do not wait for each other.
    return session.scalars(select(TeamRow).order_by(TeamRow.id)).all() if name is None else [team_named(session, name)]
