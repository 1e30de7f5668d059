"""Commands about workers: ls, show."""

from __future__ import annotations

from typing import Annotated

import typer

from ayla.cli import completion
from ayla.cli.groups import group
from ayla.cli.ids import UnknownName
from ayla.cli.options import AsJson, AsJsonItems
from ayla.cli.output import OutputForm, size_text, write_items, write_record
from ayla.cli.session import session_of
from ayla.models import Worker

_SHOWN_JOBS = 3

Names = Annotated[bool, typer.Option("--quiet", "-q", help="Write the names only.")]


def overview(
    context: typer.Context, *, as_json: AsJson = False, as_lines: AsJsonItems = False, quiet: Names = False
) -> None:
    """List the workers, their state and the jobs that they run."""
    if context.invoked_subcommand is None:
        ls(context, as_json=as_json, as_lines=as_lines, quiet=quiet)


def ls(context: typer.Context, *, as_json: AsJson = False, as_lines: AsJsonItems = False, quiet: Names = False) -> None:
    """List the workers, their state and the jobs that they run."""
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        found = client.workers.list()
    columns = {
        "worker": lambda worker: worker.name,
        "state": lambda worker: worker.state,
        "device": lambda worker: worker.device,
        "serves": lambda worker: worker.devices,
        "last seen": lambda worker: worker.heartbeat_at and f"{worker.heartbeat_at:%Y-%m-%d %H:%M:%S}",
        "runs": _job_list,
    }
    write_items(
        found,
        form,
        columns,
        id_of=lambda worker: worker.name,
        say_empty=lambda: session.say("No workers. Start one where the service runs: ayla-service worker"),
    )


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="WORKER", help="Its name.", autocompletion=completion.workers)],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a worker: its machine, its versions and what it runs."""
    with session_of(context).client() as client:
        found = next((worker for worker in client.workers.list() if worker.name == name), None)
    if found is None:
        raise UnknownName("worker", name)
    properties: dict[str, object] = {
        "worker": found.name,
        "state": found.state,
        "host": found.host,
        "process": found.pid,
        "device": found.device,
        "serves": found.devices,
        "memory": found.memory_bytes and size_text(found.memory_bytes),
        **{f"  {key}": value for key, value in found.environment.items()},
        "started": found.started_at,
        "last seen": found.heartbeat_at,
        "stopped": found.stopped_at,
        "runs": found.job_ids,
    }
    write_record(found, OutputForm.of(json=as_json), properties, identity=found.name)


def _job_list(worker: Worker) -> str:
    shown = ", ".join(worker.job_ids[:_SHOWN_JOBS])
    left_out = len(worker.job_ids) - _SHOWN_JOBS
    return f"{shown} and {left_out} more" if left_out > 0 else shown


app = group("workers", "See the workers, their state and what they run.", (ls, show), default=overview)
