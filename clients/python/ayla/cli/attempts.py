"""The command that lists the attempts at a job, and their errors for other commands."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from ayla.cli.ids import job_id
from ayla.cli.options import AsJson, AsJsonItems, JobId
from ayla.cli.output import OutputForm, fitted_table, write, write_items
from ayla.cli.session import session_of
from ayla.models import Attempt

_SHOWN_ERRORS = 5
_LONGEST_ERROR = 100
_HEADER = ["shard", "attempt", "worker", "outcome", "from step", "started", "seconds", "error"]


def attempts(context: typer.Context, job: JobId, *, as_json: AsJson = False, as_lines: AsJsonItems = False) -> None:
    """List the attempts of workers to run a job with their outcomes, oldest first."""
    session = session_of(context)
    with session.client() as client:
        found = client.jobs.attempts(job_id(client, job))
    form = OutputForm.of(json=as_json, jsonl=as_lines)
    if found and form.for_people:
        write("\n".join(fitted_table([_HEADER, *map(_line, found)], left=len(_HEADER))))
        return
    advice = "No worker has tried to run it yet. See who could: ayla workers"
    write_items(found, form, {}, say_empty=lambda: session.say(advice))


def error_lines(job_id: str, attempts: Sequence[Attempt]) -> list[str]:
    """The errors of the last failed attempts as lines of text; empty where there are none."""
    failed = [attempt for attempt in attempts if attempt.error is not None][-_SHOWN_ERRORS:]
    heading = f"The last errors of attempts (see all: ayla attempts {job_id})"
    return [heading, *(f"  {attempt.title}: {_error(attempt)}" for attempt in failed)] if failed else []


def _line(attempt: Attempt) -> list[str]:
    until = attempt.ended_at or attempt.heartbeat_at or attempt.started_at
    return [
        str(attempt.shard_index),
        str(attempt.number),
        attempt.worker,
        attempt.outcome,
        str(attempt.first_step),
        f"{attempt.started_at:%Y-%m-%d %H:%M:%S}",
        f"{(until - attempt.started_at).total_seconds():.1f}",
        _error(attempt),
    ]


def _error(attempt: Attempt) -> str:
    """The first line of the error, cut if long; JSON has all of it."""
    line = str(attempt.error or "").partition("\n")[0]
    return line if len(line) <= _LONGEST_ERROR else f"{line[:_LONGEST_ERROR]}…"
