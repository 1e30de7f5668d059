"""Watching a job until it has finished."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from ayla._sync.client import Client
from ayla.cli.errors import ExitCode
from ayla.cli.figures import loss_for_people
from ayla.cli.ids import job_id
from ayla.cli.news import JobNews
from ayla.cli.options import AsJson, AsJsonLines, JobId, Metric, Quiet, WaitSeconds
from ayla.cli.output import require_one_format, write, write_json, write_line
from ayla.cli.progress import reporter_for
from ayla.cli.session import Session, session_of
from ayla.models import Job


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a job is watched.

    Attributes:
        timeout: seconds; None: as long as it takes.
        as_json: write the finished job as one document.
        as_lines: write a line of JSON after each look at the job.
        quiet: write the id only.
        metric: by which its optimizers are compared then; None: the default of its problem.
    """

    timeout: float | None = None
    as_json: bool = False
    as_lines: bool = False
    quiet: bool = False
    metric: str | None = None

    @property
    def for_people(self) -> bool:
        """Whether the outcome is written as text."""
        return not (self.as_json or self.as_lines or self.quiet)


def watch(
    context: typer.Context,
    job: JobId,
    *,
    timeout: WaitSeconds = None,
    metric: Metric = None,
    as_json: AsJson = False,
    as_lines: AsJsonLines = False,
    quiet: Quiet = False,
) -> None:
    """Watch a job until it has finished, then compare its optimizers. Ctrl-C stops watching, not the job."""
    require_one_format(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        watch_job(session, client, job_id(client, job), WatchOptions(timeout, as_json, as_lines, quiet, metric))


def watch_job(session: Session, client: Client, job: Job | str, options: WatchOptions) -> None:
    """Watch a job until it has finished, and write its outcome. Ctrl-C leaves the job alone."""
    job_id = job if isinstance(job, str) else job.id
    try:
        finished = _watched(session, client, job, options)
    except KeyboardInterrupt:
        session.say(f"No longer watching; the job goes on. Come back with: ayla watch {job_id}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _write_outcome(client, finished, options)
    if options.for_people and session.messages.is_terminal:
        session.say(f"See more: ayla show {job_id}, ayla figure {job_id}")


def _watched(session: Session, client: Client, job: Job | str, options: WatchOptions) -> Job:
    silent = options.quiet or options.as_lines
    news = JobNews()
    with reporter_for(session, quiet=silent) as reporter:

        def show(polled: Job) -> None:
            reporter.update(polled, news.eta_seconds, news.losses)
            if options.as_lines:
                write_line(polled)

        return client.jobs.wait(job, timeout=options.timeout, on_progress=show, on_event=news.take)


def _write_outcome(client: Client, job: Job, options: WatchOptions) -> None:
    if options.as_json:
        write_json(job)
    elif options.quiet:
        write(job.id)
    elif options.for_people:
        comparison = str(client.compare(job, metric=options.metric))
        loss = loss_for_people(client, job.id)
        write(f"{loss}\n\n{comparison}" if loss else comparison)
