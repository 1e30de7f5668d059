"""Commands about the caller and the service: me, health."""

from __future__ import annotations

import typer

from ayla.cli.errors import ExitCode
from ayla.cli.options import AsJson
from ayla.cli.output import OutputForm, property_lines, write, write_json, write_record
from ayla.cli.session import session_of
from ayla.cli.team import use_of_limits


def me(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show who you are to the service, what you may do, and how much of your limits is used."""
    with session_of(context).client() as client:
        found = client.me.get()
    properties = {
        "member": found.member.name,
        "team": found.team.name,
        "role": found.member.role,
        "scopes": found.scopes,
        "key": found.key and f"{found.key.name} ({found.key.prefix}…)",
        "key expires": found.key and (found.key.expires_at or "never"),
        **use_of_limits(found.limits),
    }
    write_record(found, OutputForm.of(json=as_json), properties, identity=found.member.id)


def health(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Tell whether the service answers and can work; ends with 1 where it cannot."""
    session = session_of(context)
    with session.client() as client:
        found, address = client.health.ready(), client.base_url
    if as_json:
        write_json(found)
    else:
        write("\n".join(property_lines({"service": address, "status": found.status, **found.checks})))
    if found.status != "ready":
        raise typer.Exit(ExitCode.ERROR)
