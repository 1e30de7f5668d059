"""Commands about jobs: submit, ls, show, watch, cancel."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ayla._client import Client
from ayla._formatting import text_table
from ayla._json import without_none
from ayla.builders import preset as preset_problem
from ayla.cli.attempts import error_lines
from ayla.cli.ids import job_id, short_ids
from ayla.cli.options import (
    AsJson,
    AsJsonLines,
    Baseline,
    Confidence,
    JobId,
    Metric,
    Minimum,
    Quiet,
    Target,
    TargetMetric,
    WaitSeconds,
    require_one_format,
)
from ayla.cli.session import Session, session_of, write, write_json
from ayla.cli.specfile import STDIN, read_spec
from ayla.cli.watch import WatchOptions, watch_job
from ayla.comparison import Comparison
from ayla.errors import UnprocessableEntityError
from ayla.metrics import TRIAL_METRICS, cell, trial_metric
from ayla.models import Job, Trial

_SHOWN_TRIALS = 50
_LISTED_TRIALS = 10_000
"""In JSON."""

_TOO_LARGE = "urn:ayla:problem:comparison-too-large"
_HEADER = ["job", "name", "owner", "project", "priority", "state", "done", "created"]
_TEXT_COLUMNS = 6


def submit(
    context: typer.Context,
    file: Annotated[str | None, typer.Option("--file", "-f", help="Job spec in YAML or JSON; - is stdin.")] = None,
    preset: Annotated[str | None, typer.Option(help="Submit this experiment of the catalogue instead.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the job.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag of the job; may be given several times.")] = None,
    project: Annotated[str | None, typer.Option(help="Project that the job belongs to.")] = None,
    priority: Annotated[str | None, typer.Option(help="low, normal, high or urgent; default normal.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Computing time of a trial, in seconds; a job that exceeds it fails.")
    ] = None,
    max_memory_mb: Annotated[
        int | None,
        typer.Option(help="Memory that a worker may use for the job, in MiB; a job that exceeds it fails."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Submitting again with the same key and spec gives the same job.")
    ] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Watch the job until it has finished.")] = False,
    timeout: WaitSeconds = None,
    as_json: AsJson = False,
    as_lines: AsJsonLines = False,
    quiet: Quiet = False,
) -> None:
    """Put a job into the queue, from a file, standard input or the catalogue."""
    require_one_format(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    options = {"name": name, "tags": tag or None, "project": project, "priority": priority}
    limits = {"seconds": max_seconds, "memory_mb": max_memory_mb}
    spec = _with_limits(_spec(file, preset) | without_none(**options), without_none(**limits))
    with session.client() as client:
        job = client.jobs.submit(spec, idempotency_key=idempotency_key)
        if watch or as_lines:
            watch_job(session, client, job, WatchOptions(timeout, as_json, as_lines, quiet))
        else:
            write_job(session, job, as_json=as_json, quiet=quiet, advice=f"Follow it with: ayla watch {job.id}")


def ls(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed, cancelled or paused.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only jobs with this tag.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only jobs of the member with this name.")] = None,
    project: Annotated[str | None, typer.Option(help="Only jobs of this project.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 20,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List jobs, newest first, by short ids, which every command takes; -q and --json have the whole ones."""
    require_one_format(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        jobs = [*client.jobs.list(state=state, tag=tag, limit=limit, owner=owner, project=project)]
    if as_json:
        write_json(jobs)
    elif quiet:
        for job in jobs:
            write(job.id)
    elif jobs:
        write("\n".join(text_table([_HEADER, *map(_line, jobs, short_ids(jobs))], left=_TEXT_COLUMNS)))
    elif any((state, tag, owner, project)):
        session.say("No such jobs. See all: ayla ls")
    else:
        session.say("No jobs. Submit one: ayla submit --preset poly-sgd")


def show(
    context: typer.Context,
    job: JobId,
    baseline: Baseline = None,
    metric: Metric = None,
    target: Target = None,
    target_metric: TargetMetric = None,
    minimum: Minimum = None,
    confidence: Confidence = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a job, the last errors of its attempts, its trials and how they compare."""
    session = session_of(context)
    with session.client() as client:
        job = job_id(client, job)
        found = client.jobs.get(job)
        trials = client.jobs.trials(job, limit=_LISTED_TRIALS if as_json else _SHOWN_TRIALS)
        attempts = client.jobs.attempts(job) if as_json or _failed_attempts(found) else []
        asked = {"target": target, "confidence": confidence, "baseline": baseline, "minimum": minimum}
        comparison = _comparison(client, job, {**asked, "metric": metric, "target_metric": target_metric})
    if as_json:
        lists = {"trial_list": trials, "attempt_list": attempts, "comparison": comparison}
        write_json(found.model_dump(mode="json") | lists)
        return
    shown = "final_loss" if comparison is None else trial_metric(comparison)
    tables = (_properties(found), error_lines(found.id, attempts), _trial_table(trials, shown, found.trials.total))
    for lines in filter(None, tables):
        write("\n".join(lines) + "\n")
    write(f"Too many trials for one comparison: see 'ayla best {job}'." if comparison is None else str(comparison))


def _comparison(client: Client, job: str, asked: Mapping[str, Any]) -> Comparison | None:
    """How the optimizers of a job compare; None where they have too many trials for that."""
    try:
        found: Comparison = client.compare(job, **asked)
    except UnprocessableEntityError as error:
        if error.problem.type != _TOO_LARGE:
            raise
        return None
    return found


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
    """Watch a job until it has finished. Ctrl-C stops watching, not the job."""
    require_one_format(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        watch_job(session, client, job_id(client, job), WatchOptions(timeout, as_json, as_lines, quiet, metric))


def cancel(context: typer.Context, job: JobId, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Ask for a job to be cancelled."""
    require_one_format(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        cancelled = client.jobs.cancel(job_id(client, job))
    advice = None if cancelled.finished else f"It stops at its next check. See it end: ayla watch {job}"
    write_job(session, cancelled, as_json=as_json, quiet=quiet, advice=advice)


def _spec(file: str | None, preset: str | None) -> dict[str, Any]:
    if file is not None and preset is not None:
        raise typer.BadParameter("give a file or a preset, not both.", param_hint="--preset")
    if preset is not None:
        return {"problem": preset_problem(preset)}
    if file in {None, STDIN} and sys.stdin is None:
        raise typer.BadParameter("standard input is closed.", param_hint="--file")
    if file is None and sys.stdin.isatty():
        raise typer.BadParameter("give a job spec with -f FILE, on standard input, or --preset.", param_hint="--file")
    return read_spec(file or STDIN)


def _with_limits(spec: dict[str, Any], limits: dict[str, Any]) -> dict[str, Any]:
    """The spec with its limits changed; what is not a mapping of limits is left for the service to refuse."""
    before = spec.get("limits") or {}
    return spec | {"limits": {**before, **limits}} if limits and isinstance(before, Mapping) else spec


def write_job(session: Session, job: Job, *, as_json: bool, quiet: bool, advice: str | None) -> None:
    """Write a job as one JSON document, as its id, or as text with advice on what to do next."""
    if as_json:
        write_json(job)
    elif quiet:
        write(job.id)
    else:
        write(str(job))
        if advice is not None:
            session.say(advice)


def _line(job: Job, short: str) -> list[str]:
    created = f"{job.created_at:%Y-%m-%d %H:%M}" if job.created_at else ""
    done = f"{job.progress.fraction:.0%}"
    return [
        short,
        job.name or job.preset or "",
        job.owner,
        job.project or "",
        job.priority,
        job.standing,
        done,
        created,
    ]


def _properties(job: Job) -> list[str]:
    properties = {
        "job": job.id,
        "name": job.name,
        "owner": job.owner,
        "project": job.project,
        "preset": (job.resolved or {}).get("preset") or job.preset,
        "tags": ", ".join(job.tags),
        "state": " - ".join(filter(None, [job.standing, job.status_detail])),
        "priority": job.priority,
        "limits": _limits(job),
        "error": job.error.detail if job.error else None,
        "progress": f"{job.progress.steps_done} of {job.progress.steps_total} steps ({job.progress.fraction:.0%})",
        "trials": f"{job.trials.total}: {job.trials.completed} completed, {job.trials.diverged} diverged",
        "attempts": f"{job.attempts.total}: {job.attempts.failed} failed, {job.attempts.lost} lost"
        if job.attempts.total
        else None,
        "created": job.created_at,
        "started": job.started_at,
        "paused": job.paused_at,
        "finished": job.finished_at,
    }
    return text_table([[name, str(value)] for name, value in properties.items() if value], left=2)


def _limits(job: Job) -> str:
    limits = (job.resolved or {}).get("limits") or {}
    units = {"seconds": "s of computing for a trial", "memory_mb": "MiB of memory"}
    return ", ".join(f"{limits[name]:g} {unit}" for name, unit in units.items() if limits.get(name) is not None)


def _failed_attempts(job: Job) -> int:
    return job.attempts.failed + job.attempts.lost


def _trial_table(trials: list[Trial], shown: str, total: int) -> list[str]:
    """The first trials of a job, which has ``total`` of them."""
    cells = [[trial.id, trial.label, str(trial.seed), trial.state, cell(trial, shown)] for trial in trials]
    lines = text_table([["trial", "optimizer", "seed", "state", TRIAL_METRICS[shown]], *cells], left=4)
    left_out = total - len(cells)
    return [*lines, f"... and {left_out} more trials"] if left_out else lines
