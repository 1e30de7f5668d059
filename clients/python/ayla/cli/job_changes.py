"""Commands that change jobs: cancel, pause, resume, retry, priority, edit, move, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from ayla._json import without_none
from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.ids import job_id
from ayla.cli.job_output import write_job
from ayla.cli.options import Agreed, AsJson, JobId, JobIds, JobName, Project, Quiet, Tags
from ayla.cli.output import OutputForm, write_json
from ayla.cli.session import confirm, session_of
from ayla.models import Job

Change = Callable[[Client, str], Job]

_NO_CHANGE = "give what to change, such as --name; --help lists what there is."


def cancel(context: typer.Context, job: JobId, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Ask for a job to be cancelled."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        cancelled = client.jobs.cancel(job_id(client, job))
    advice = None if cancelled.finished else f"It stops at its next check. See it end: ayla watch {job}"
    write_job(session, cancelled, form, advice=advice)


def pause(context: typer.Context, jobs: JobIds, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Take jobs out of the queue until they are resumed. Running trials are checkpointed first."""
    advice = "Put it back into the queue with: ayla resume"
    _each(context, jobs, lambda client, job: client.jobs.pause(job), advice, OutputForm.of(json=as_json, quiet=quiet))


def resume(context: typer.Context, jobs: JobIds, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Put paused jobs back into the queue, at their old place."""
    advice = "Follow it with: ayla watch"
    _each(context, jobs, lambda client, job: client.jobs.resume(job), advice, OutputForm.of(json=as_json, quiet=quiet))


def retry(context: typer.Context, jobs: JobIds, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Queue again what of failed or cancelled jobs has no result; what has one keeps it."""
    advice = "Follow it with: ayla watch"
    _each(context, jobs, lambda client, job: client.jobs.retry(job), advice, OutputForm.of(json=as_json, quiet=quiet))


def priority(
    context: typer.Context,
    job: JobId,
    priority: Annotated[
        str,
        typer.Argument(metavar="PRIORITY", help="low, normal, high or urgent.", autocompletion=completion.priorities),
    ],
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Change the priority of a job; trials that run are not interrupted."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        changed = client.jobs.prioritise(job_id(client, job), priority)
    write_job(session, changed, form, advice=f"Its priority is {changed.priority} now.")


def edit(
    context: typer.Context,
    job: JobId,
    name: JobName = None,
    project: Project = None,
    tag: Tags = None,
    notes: Annotated[str | None, typer.Option(metavar="TEXT", help="Anything worth remembering.")] = None,
    archived: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Leave the job out of lists, or put it back.")
    ] = None,
    *,
    untagged: Annotated[bool, typer.Option("--no-tags", help="Take all tags away.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Change what a job is called and where it belongs.

    The tags given replace those that it has; an empty text takes a name, project or notes away.
    """
    form = OutputForm.of(json=as_json, quiet=quiet)
    texts: dict[str, Any] = without_none(name=name, project=project, notes=notes)
    fields: dict[str, Any] = {field: text or None for field, text in texts.items()}
    fields |= without_none(archived=archived, tags=[] if untagged else tag or None)
    if not fields:
        raise typer.BadParameter(_NO_CHANGE)
    session = session_of(context)
    with session.client() as client:
        changed = client.jobs.change(job_id(client, job), **fields)
    write_job(session, changed, form, advice=f"Changed: {', '.join(sorted(fields))}.")


def move(
    context: typer.Context,
    job: JobId,
    before: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="Before this job. Default: to the front.", autocompletion=completion.jobs),
    ] = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Move a job in the queue before others of the same member with the same priority: to the front, or before one."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        place = None if before is None else job_id(client, before)
        moved = client.jobs.move(job_id(client, job), before=place)
    write_job(session, moved, form, advice=f"See when it will start: ayla queue position {job}")


def delete(context: typer.Context, jobs: JobIds, *, yes: Agreed = False) -> None:
    """Delete jobs that have ended, with all their results."""
    session = session_of(context)
    with session.client() as client:
        found = [job_id(client, job) for job in jobs]
        confirm(f"Delete {', '.join(found)} with all results?", agreed=yes)
        for job in found:
            client.jobs.delete(job)
            session.say(f"Deleted: {job}")


def _each(context: typer.Context, jobs: list[str], change: Change, advice: str, form: OutputForm) -> None:
    """Change one job after the other; JSON is one list of all of them."""
    session = session_of(context)
    changed: list[Job] = []
    with session.client() as client:
        for job in jobs:
            changed.append(change(client, job_id(client, job)))
            if not form.as_json:
                write_job(session, changed[-1], form, advice=f"{advice} {job}")
    if form.as_json:
        write_json(changed)
