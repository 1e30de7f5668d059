"""The command that follows what happens: to a job, or to all jobs of the team."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from ayla._json import without_none
from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.errors import ExitCode
from ayla.cli.ids import SHORT_LENGTH, job_id
from ayla.cli.news import format_duration
from ayla.cli.output import write, write_line
from ayla.cli.session import session_of
from ayla.models.events import Event


def events(
    context: typer.Context,
    job: Annotated[
        str | None,
        typer.Argument(
            metavar="JOB", help="Id of the job; default: all of the team's.", autocompletion=completion.jobs
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only jobs of this project.", autocompletion=completion.projects),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Only jobs with this tag.", autocompletion=completion.tags)
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only jobs of this member.", autocompletion=completion.owners),
    ] = None,
    *,
    as_lines: Annotated[bool, typer.Option("--jsonl", help="Write each event as one line of JSON.")] = False,
) -> None:
    """Follow what happens to a job until it ends, or to the team's jobs until Ctrl-C: an event a line."""
    filters = without_none(project=project, tag=tag, owner=owner)
    if job is not None and filters:
        raise typer.BadParameter("give a job or a filter, not both.", param_hint="JOB")
    session = session_of(context)
    try:
        with session.client() as client:
            for event in _events(client, job, filters):
                write_line(event) if as_lines else write(_line(event))
    except KeyboardInterrupt:
        session.say(f"No longer following. Come back with: ayla events{f' {job}' if job else ''}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _events(client: Client, job: str | None, filters: dict[str, Any]) -> Iterator[Event]:
    with client.events(**filters) if job is None else client.jobs.events(job_id(client, job)) as found:
        yield from found


def _line(event: Event) -> str:
    """The time, the job, the kind and what happened."""
    told = _TOLD.get(event.name, lambda _: "")(event.data)
    job = (event.job_id or "")[:SHORT_LENGTH]
    return f"{datetime.now().astimezone():%H:%M:%S}  {job:{SHORT_LENGTH}}  {event.name:8}  {told}".rstrip()


def _snapshot(data: dict[str, Any]) -> str:
    if "jobs" in data:
        return f"{len(data['jobs'])} unfinished jobs"
    return _state(data)


def _state(data: dict[str, Any]) -> str:
    job = data.get("job") or {}
    detail = f" - {job['status_detail']}" if job.get("status_detail") else ""
    title = job.get("name") or job.get("preset") or ""
    return f"{title} {job.get('state', data.get('reason', ''))}{detail}".strip()


def _progress(data: dict[str, Any]) -> str:
    eta = data.get("eta_seconds")
    left = f", {format_duration(eta)} left" if eta is not None else ""
    return f"{data.get('fraction', 0):.0%}, {data.get('steps_done')} of {data.get('steps_total')} steps{left}"


def _metric(data: dict[str, Any]) -> str:
    losses = [trial["loss"] for trial in data.get("trials", []) if trial.get("loss") is not None]
    return f"{len(data.get('trials', []))} trials{f', lowest loss {min(losses):.6g}' if losses else ''}"


_TOLD = {
    "snapshot": _snapshot,
    "state": _state,
    "progress": _progress,
    "metric": _metric,
    "gap": lambda data: f"events were left out: {data.get('reason')}",
    "end": _state,
}
"""What is said of the data of each kind of event."""
