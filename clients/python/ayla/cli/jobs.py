"""Commands that read jobs: ls, show, and what they recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ayla._sync.client import Client
from ayla.cli import completion
from ayla.cli.attempts import error_lines
from ayla.cli.curves import curve_lines
from ayla.cli.ids import job_id, short_ids, short_trial_id
from ayla.cli.job_output import job_properties
from ayla.cli.options import (
    AsJson,
    AsJsonItems,
    Baseline,
    Confidence,
    JobId,
    Limit,
    Metric,
    Minimum,
    Quiet,
    Target,
    TargetMetric,
)
from ayla.cli.output import OutputForm, fitted_table, write, write_json, write_line
from ayla.cli.session import session_of
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


def ls(
    context: typer.Context,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="STATE",
            help="queued, running, succeeded, failed, cancelled or paused.",
            autocompletion=completion.states,
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Only jobs with this tag.", autocompletion=completion.tags)
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only jobs of the member with this name.", autocompletion=completion.owners),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only jobs of this project.", autocompletion=completion.projects),
    ] = None,
    limit: Limit = 20,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: Quiet = False,
) -> None:
    """List jobs, newest first, by short ids, which every command takes.

    -q, --json and --jsonl have the whole ids.
    """
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        jobs = [*client.jobs.list(state=state, tag=tag, limit=limit, owner=owner, project=project)]
    if not form.for_people:
        _write_whole(jobs, form)
    elif jobs:
        write("\n".join(fitted_table([_HEADER, *map(_line, jobs, short_ids(jobs))], left=_TEXT_COLUMNS)))
        if len(jobs) == limit:
            session.say(f"The newest {limit}; there may be more: --limit")
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
    """Show a job, the last errors of its attempts, its trials with their curves, and how they compare."""
    session = session_of(context)
    with session.client() as client:
        job = job_id(client, job)
        found = client.jobs.get(job)
        trials = client.jobs.trials(job, limit=_LISTED_TRIALS if as_json else _SHOWN_TRIALS)
        attempts = client.jobs.attempts(job) if as_json or _failed_attempts(found) else []
        curves = [] if as_json else curve_lines(client, trials)
        asked = {"target": target, "confidence": confidence, "baseline": baseline, "minimum": minimum}
        comparison = _comparison(client, job, {**asked, "metric": metric, "target_metric": target_metric})
    if as_json:
        lists = {"trial_list": trials, "attempt_list": attempts, "comparison": comparison}
        write_json(found.model_dump(mode="json") | lists)
        return
    shown = "final_loss" if comparison is None else trial_metric(comparison)
    table = _trial_table(trials, shown, found.trials.total)
    for lines in filter(None, (job_properties(found), error_lines(found.id, attempts), table, curves)):
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


def _write_whole(jobs: list[Job], form: OutputForm) -> None:
    """The jobs with their whole ids."""
    if form.as_json:
        write_json(jobs)
    for job in [] if form.as_json else jobs:
        write_line(job) if form.as_lines else write(job.id)


def _line(job: Job, short: str) -> list[str]:
    return [
        short,
        job.name or job.preset or "",
        job.owner,
        job.project or "",
        job.priority,
        job.standing,
        f"{job.progress.fraction:.0%}",
        f"{job.created_at:%Y-%m-%d %H:%M}" if job.created_at else "",
    ]


def _failed_attempts(job: Job) -> int:
    return job.attempts.failed + job.attempts.lost


def _trial_table(trials: list[Trial], shown: str, total: int) -> list[str]:
    """The first trials of a job, which has ``total`` of them."""
    cells = [[short_trial_id(trial), trial.label, str(trial.seed), trial.state, cell(trial, shown)] for trial in trials]
    lines = fitted_table([["trial", "optimizer", "seed", "state", TRIAL_METRICS[shown]], *cells], left=4)
    left_out = total - len(cells)
    return [*lines, f"... and {left_out} more trials: ayla trials ls"] if left_out else lines
