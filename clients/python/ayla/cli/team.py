"""The command about the team."""

from __future__ import annotations

from typing import Any

import typer

from ayla.cli.groups import group
from ayla.cli.options import AsJson
from ayla.cli.output import OutputForm, cell_text, size_text, write_record
from ayla.cli.session import session_of


def overview(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show your team, its limits and what of them is used."""
    if context.invoked_subcommand is None:
        show(context, as_json=as_json)


def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show your team, its limits and what of them is used."""
    with session_of(context).client() as client:
        found = client.team.get()
    properties = {
        "team": found.name,
        "id": found.id,
        "weight": found.weight,
        "since": found.created_at,
        "queue paused": found.paused_at,
        "no new jobs": found.draining_at,
        **use_of_limits(found.limits),
    }
    write_record(found, OutputForm.of(json=as_json), properties)


def use_of_limits(limits: Any) -> dict[str, object]:
    """How much of each limit is used."""
    return {name.replace("_", " "): _standing(name, standing) for name, standing in limits}


def _standing(name: str, standing: Any) -> str:
    text = size_text if name.endswith("bytes") else cell_text
    limit = "no limit" if standing.limit is None else f"of {text(standing.limit)}"
    return f"{text(standing.used)} ({limit})"


app = group("team", "See your team, its limits and what of them is used.", (show,), default=overview)
