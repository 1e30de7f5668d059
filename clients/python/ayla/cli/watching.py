"""Following jobs until they finish."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from ayla._client import Client
from ayla.cli import exits
from ayla.cli.eta import Remaining
from ayla.cli.progress import reporter
from ayla.cli.session import Session, write, write_json, write_line
from ayla.models import Job


@dataclass(frozen=True, slots=True)
class Watch:
    """How a job is followed.

    Attributes:
        timeout: seconds; None: as long as it takes.
        as_json: write the finished job as one document.
        as_lines: write a line of JSON after each look.
        quiet: write the id only.
    """

    timeout: float | None = None
    as_json: bool = False
    as_lines: bool = False
    quiet: bool = False


def watch_job(session: Session, client: Client, job: Job | str, watch: Watch) -> None:
    """Follow a job to its end and write its outcome. Ctrl-C leaves the job alone."""
    job_id = job if isinstance(job, str) else job.id
    try:
        finished = _followed(session, client, job, watch)
    except KeyboardInterrupt:
        session.say(f"No longer watching; the job goes on. Come back with: ayla watch {job_id}")
        raise typer.Exit(exits.INTERRUPTED) from None
    _write_outcome(client, finished, watch)


def _followed(session: Session, client: Client, job: Job | str, watch: Watch) -> Job:
    silent = watch.quiet or watch.as_lines
    with Remaining(client, job, listening=not silent) as remaining, reporter(session, quiet=silent) as shown:

        def look(seen: Job) -> None:
            shown.update(seen, remaining.seconds)
            if watch.as_lines:
                write_line(seen)

        return client.jobs.wait(job, timeout=watch.timeout, on_progress=look)


def _write_outcome(client: Client, job: Job, watch: Watch) -> None:
    if watch.as_lines:
        return
    if watch.as_json:
        write_json(job)
    elif watch.quiet:
        write(job.id)
    else:
        write(str(client.compare(job)))
