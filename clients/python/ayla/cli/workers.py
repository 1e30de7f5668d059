"""The command that lists the workers."""

from __future__ import annotations

from typing import Annotated

import typer

from ayla._formatting import text_table
from ayla.cli.options import AsJson, require_one_format
from ayla.cli.session import session_of, write, write_json
from ayla.models import Worker

_HEADER = ["worker", "state", "device", "serves", "last seen", "runs"]
_SHOWN_JOBS = 3


def workers(
    context: typer.Context,
    *,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write the names only.")] = False,
) -> None:
    """List the workers, their state and the jobs that they run."""
    require_one_format(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        found = client.workers.list()
    if as_json:
        write_json(found)
    elif quiet:
        for worker in found:
            write(worker.name)
    elif found:
        write("\n".join(text_table([_HEADER, *map(_line, found)], left=len(_HEADER))))
    else:
        session.say("No workers. Start one where the service runs: ayla-service worker")


def _line(worker: Worker) -> list[str]:
    seen = f"{worker.heartbeat_at:%Y-%m-%d %H:%M:%S}" if worker.heartbeat_at else ""
    return [worker.name, worker.state, worker.device, ", ".join(worker.devices), seen, _job_list(worker)]


def _job_list(worker: Worker) -> str:
    shown = ", ".join(worker.job_ids[:_SHOWN_JOBS])
    left_out = len(worker.job_ids) - _SHOWN_JOBS
    return f"{shown} and {left_out} more" if left_out > 0 else shown
