"""Commands about trials: ls, show, trajectory, metrics, predictions, recompute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import typer

from ayla._formatting import text_table
from ayla.cli.groups import group
from ayla.cli.ids import job_id, short_trial_id, trial_id
from ayla.cli.job_output import write_job
from ayla.cli.options import (
    AsCsv,
    AsJson,
    AsJsonItems,
    Columns,
    FromStep,
    JobId,
    MaxPoints,
    Metric,
    Quiet,
    QuietItems,
    ToStep,
    TrialId,
)
from ayla.cli.output import OutputForm, require_one_format, write, write_items, write_json, write_record
from ayla.cli.session import session_of
from ayla.cli.trial_filters import Arm, Sort, TrialState, Where
from ayla.metrics import TRIAL_METRICS, cell
from ayla.models import Trial
from ayla.tables import ColumnTable

_POINTS_FOR_READING = 20


def ls(
    context: typer.Context,
    job: JobId,
    where: Where = None,
    arm: Arm = None,
    state: TrialState = None,
    sort: Sort = None,
    metric: Metric = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most this many.")] = 50,
    *,
    as_json: AsJson = False,
    as_lines: AsJsonItems = False,
    quiet: QuietItems = False,
) -> None:
    """List trials of a job: those of one optimizer together, or sorted: 'ayla trials ls JOB --sort best_loss'."""
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    session, shown = session_of(context), metric or "final_loss"
    with session.client() as client:
        found = client.jobs.trials(
            job_id(client, job), where=where, arm=arm, states=state or None, sort=sort, limit=limit
        )
    columns = {
        "trial": short_trial_id,
        "optimizer": lambda trial: trial.label,
        "seed": lambda trial: trial.seed,
        "state": lambda trial: trial.state,
        "steps": lambda trial: trial.steps_done,
        TRIAL_METRICS.get(shown, shown): lambda trial: cell(trial, shown),
        "best loss": lambda trial: cell(trial, "best_loss"),
    }
    write_items(found, form, columns, text_columns=4, say_empty=lambda: session.say("No such trials."))
    if form.for_people and len(found) == limit:
        session.say(f"The first {limit}; there may be more: --limit")


def show(context: typer.Context, trial: TrialId, *, as_json: AsJson = False) -> None:
    """Show a trial: its settings and its outcome."""
    with session_of(context).client() as client:
        found = client.trials.get(trial_id(client, trial))
    write_record(found, OutputForm.of(json=as_json), _properties(found))


def trajectory(
    context: typer.Context,
    trial: TrialId,
    columns: Columns = None,
    every: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only each n-th recorded step.")] = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    *,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Write the recorded steps of a trial; for reading they are thinned, as CSV and JSON they are not."""
    require_one_format(csv=as_csv, json=as_json)
    if not (as_csv or as_json) and every is None and max_points is None:
        max_points = _POINTS_FOR_READING
    names = columns.split(",") if columns else None
    with session_of(context).client() as client:
        trial = trial_id(client, trial)
        if as_csv:
            fetch_csv = client.trials.trajectory_csv
            text = fetch_csv(
                trial, columns=names, every=every, max_points=max_points, from_step=from_step, to_step=to_step
            )
            write(text.rstrip("\r\n"))
            return
        fetch = client.trials.trajectory
        table = fetch(trial, columns=names, every=every, max_points=max_points, from_step=from_step, to_step=to_step)
    _write_columns(table, table.trial_id, as_json=as_json)


def metrics(
    context: typer.Context,
    trial: TrialId,
    columns: Columns = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    *,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Write loss and accuracy of a trial epoch by epoch; for reading they are thinned, as CSV and JSON they are not."""
    require_one_format(csv=as_csv, json=as_json)
    if not (as_csv or as_json) and max_points is None:
        max_points = _POINTS_FOR_READING
    names = columns.split(",") if columns else None
    session = session_of(context)
    with session.client() as client:
        trial = trial_id(client, trial)
        if as_csv:
            fetch_csv = client.trials.metrics_csv
            text = fetch_csv(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
            write(text.rstrip("\r\n"))
            return
        fetch = client.trials.metrics
        table = fetch(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
    if not table.rows:
        session.say("This trial has no metrics: they come with a dataset, after each epoch.")
    _write_columns(table, table.trial_id, as_json=as_json)


def predictions(context: typer.Context, trial: TrialId, *, as_json: AsJson = False) -> None:
    """Write the curve that a trial's model fits, at the recorded steps; where one number is predicted from one."""
    session = session_of(context)
    with session.client() as client:
        table = client.trials.predictions(trial_id(client, trial))
    if not table.rows:
        session.say("This trial has no predictions: they come with curves and record.predictions_at.")
    _write_columns(table, table.trial_id, as_json=as_json)


def recompute(context: typer.Context, trial: TrialId, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Have a trial of a job that keeps no trajectories computed again, to the same bits, by a small job of its own."""
    session = session_of(context)
    with session.client() as client:
        job = client.trials.recompute(trial_id(client, trial))
    advice = f"Once it has ended, 'ayla trajectory {trial}' has the rows. Follow it with: ayla watch {job.id}"
    write_job(session, job, OutputForm.of(json=as_json, quiet=quiet), advice=advice)


def _properties(trial: Trial) -> dict[str, object]:
    settings = {f"  {name}": value for name, value in trial.optimizer.items() if value is not None}
    values = {title: trial.value(name) for name, title in TRIAL_METRICS.items()}
    summary = trial.summary
    return {
        "trial": trial.id,
        "job": trial.job_id,
        "optimizer": trial.label,
        **settings,
        "seed": trial.seed,
        "state": trial.state,
        "steps": trial.steps_done,
        **values,
        "diverged at step": summary and summary.first_nonfinite_step,
        "seconds": summary and summary.wall_seconds,
        "notes": " ".join(trial.notes),
    }


def _write_columns(table: ColumnTable, trial: str, *, as_json: bool) -> None:
    """Write a trial's columns as one JSON document, or as lines for reading."""
    if as_json:
        columns = {name: _json_column(table.numbers(name)) for name in table}
        write_json({"trial_id": trial, "rows": table.rows, "columns": columns})
    else:
        write("\n".join(_lines(table)))


def _json_column(numbers: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in numbers]


def _lines(table: ColumnTable) -> list[str]:
    values = zip(*(table.numbers(name) for name in table), strict=True)
    return text_table([[*table], *([f"{value:.6g}" for value in row] for row in values)], left=0)


app = group(
    "trials",
    "List the trials of a job, and read what each recorded.",
    (ls, show, trajectory, metrics, predictions, recompute),
)
