"""The command that opens the service's dashboard in a browser."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from ayla.cli.ids import job_id
from ayla.cli.output import write
from ayla.cli.session import session_of


def open_dashboard(
    context: typer.Context,
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="Id of a job, or its first 4 characters or more.")
    ] = None,
    *,
    print_only: Annotated[bool, typer.Option("--print", help="Write the address, and open nothing.")] = False,
) -> None:
    """Open the dashboard in a browser, at a job if one is named, and write its address."""
    session = session_of(context)
    with session.client() as client:
        address = f"{client.base_url}/"
        if job is not None:
            address += f"jobs/{client.jobs.get(job_id(client, job)).id}"
    write(address)
    if not print_only and not webbrowser.open(address):
        session.say("No browser was found here; open the address in one.")
