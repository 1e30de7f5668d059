"""Commands about jobs in the queue: pause, resume, priority."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from ayla._client import Client
from ayla.cli.ids import job_id
from ayla.cli.jobs import write_job
from ayla.cli.options import AsJson, JobId, JobIds, Quiet, require_one_format
from ayla.cli.session import session_of, write_json
from ayla.models import Job


def pause(context: typer.Context, jobs: JobIds, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Take jobs out of the queue until they are resumed. Running trials are checkpointed first."""
    advice = "Put it back into the queue with: ayla resume"
    _each(context, jobs, lambda client, job: client.jobs.pause(job), advice, as_json=as_json, quiet=quiet)


def resume(context: typer.Context, jobs: JobIds, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Put paused jobs back into the queue, at their old place."""
    advice = "Follow it with: ayla watch"
    _each(context, jobs, lambda client, job: client.jobs.resume(job), advice, as_json=as_json, quiet=quiet)


def priority(
    context: typer.Context,
    job: JobId,
    priority: Annotated[str, typer.Argument(metavar="PRIORITY", help="low, normal, high or urgent.")],
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Change the priority of a job; trials that run are not interrupted."""
    require_one_format(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        changed = client.jobs.prioritise(job_id(client, job), priority)
    write_job(session, changed, as_json=as_json, quiet=quiet, advice=f"Its priority is {changed.priority} now.")


def _each(
    context: typer.Context,
    jobs: list[str],
    change: Callable[[Client, str], Job],
    advice: str,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Change one job after the other; JSON is one list of all of them."""
    require_one_format(json=as_json, quiet=quiet)
    session = session_of(context)
    changed: list[Job] = []
    with session.client() as client:
        for job in jobs:
            changed.append(change(client, job_id(client, job)))
            if not as_json:
                write_job(session, changed[-1], as_json=False, quiet=quiet, advice=f"{advice} {job}")
    if as_json:
        write_json(changed)
