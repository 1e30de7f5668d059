"""Commands about the team's queue: show, pause, resume, drain, move, position."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from ayla.cli.groups import group
from ayla.cli.ids import SHORT_LENGTH, job_id
from ayla.cli.job_changes import move
from ayla.cli.news import format_duration
from ayla.cli.options import AsJson, JobId
from ayla.cli.output import OutputForm, fitted_table, property_lines, write, write_json, write_record
from ayla.cli.session import session_of

_SHOWN = 20


def overview(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the team's queue: what runs, what comes next and when, and who uses how much of the workers."""
    if context.invoked_subcommand is not None:
        return
    show(context, as_json=as_json)


def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the team's queue: what runs, what comes next and when, and who uses how much of the workers."""
    with session_of(context).client() as client:
        found = client.queue.get()
    if as_json:
        write_json(found)
        return
    parts = (_state(found), _running(found), _next(found), _shares(found))
    write("\n\n".join("\n".join(lines) for lines in parts if lines))


def pause(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Start nothing of the team until the queue is resumed; what runs goes on. For admins."""
    _switch(
        context, "pause", "The queue is paused: nothing is started. End it with: ayla queue resume", as_json=as_json
    )


def drain(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Take no new jobs until the queue is resumed; what is in it is run. For admins."""
    _switch(context, "drain", "The queue takes no new jobs. End it with: ayla queue resume", as_json=as_json)


def resume(context: typer.Context, *, as_json: AsJson = False) -> None:
    """End pausing and draining. For admins."""
    _switch(context, "resume", "The queue takes jobs and starts them.", as_json=as_json)


def position(context: typer.Context, job: JobId, *, as_json: AsJson = False) -> None:
    """Show where a job stands in the queue, and when it may start and finish."""
    with session_of(context).client() as client:
        found = client.jobs.queue_position(job_id(client, job))
    ahead = found.seconds_ahead
    properties = {
        "job": found.job_id,
        "state": found.state,
        "position": _position(found),
        "work ahead": format_duration(ahead) if ahead is not None else None,
        "starts": _range(found.estimated_start, found.earliest_start, found.latest_start),
        "finishes": _range(found.estimated_finish, found.earliest_finish, found.latest_finish),
        "no estimate": found.reason,
        "estimated from": found.basis.text,
    }
    write_record(found, OutputForm.of(json=as_json), properties, identity=found.job_id)


def _switch(context: typer.Context, what: str, told: str, *, as_json: bool) -> None:
    session = session_of(context)
    with session.client() as client:
        switched = getattr(client.queue, what)()
    if as_json:
        write_json(switched)
    session.say(told)


def _state(found: Any) -> list[str]:
    switches = [
        name for name, since in (("paused", found.paused_at), ("takes no new jobs", found.draining_at)) if since
    ]
    workers, waiting = found.workers, sum(each.shards for each in found.waiting)
    more = any(each.is_more for each in found.waiting)
    return property_lines(
        {
            "queue": ", ".join(switches) or "open",
            "workers": f"{workers.busy} busy for the team, {workers.busy_for_others} for others, {workers.idle} idle",
            "waiting": f"{waiting}{' or more' if more else ''} {'shard' if waiting == 1 and not more else 'shards'}",
        }
    )


def _running(found: Any) -> list[str]:
    rows = [
        [each.job_id[:SHORT_LENGTH], each.job_name or "", each.owner, each.worker, _moment(each.expected_end)]
        for each in found.running[:_SHOWN]
    ]
    return _table(["running", "name", "owner", "worker", "ends"], rows, len(found.running))


def _next(found: Any) -> list[str]:
    rows = [
        [
            each.job_id[:SHORT_LENGTH],
            each.name or "",
            each.owner,
            each.priority,
            _moment(each.estimated_start) or each.reason or "",
            _moment(each.estimated_finish),
        ]
        for each in found.next[:_SHOWN]
    ]
    return _table(["next", "name", "owner", "priority", "starts", "finishes"], rows, len(found.next))


def _shares(found: Any) -> list[str]:
    rows = [[each.owner, f"{each.weight:g}", f"{each.share:.0%}", f"{each.used_seconds:.0f}"] for each in found.shares]
    return fitted_table([["member", "weight", "share of the team", "used s"], *rows], left=1) if rows else []


def _table(header: list[str], rows: list[list[str]], total: int) -> list[str]:
    if not rows:
        return []
    left_out = total - len(rows)
    return [*fitted_table([header, *rows], left=len(header)), *([f"... and {left_out} more"] if left_out > 0 else [])]


def _position(found: Any) -> str | None:
    return None if found.position is None else f"{found.position}{' or later' if found.is_more else ''}"


def _range(likely: datetime | None, first: datetime | None, last: datetime | None) -> str | None:
    if likely is None:
        return None
    between = f" (between {_moment(first)} and {_moment(last)})" if first and last and first != last else ""
    return f"{_moment(likely)} UTC{between}"


def _moment(moment: datetime | None) -> str:
    """The time of today, or the day and the time."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    return f"{moment:%H:%M:%S}" if moment.date() == datetime.now(UTC).date() else f"{moment:%Y-%m-%d %H:%M}"


app = group(
    "queue",
    "See the team's queue, and what a job waits for; pause, resume and drain it; move jobs in it.",
    (show, position, move, pause, resume, drain),
    default=overview,
)
