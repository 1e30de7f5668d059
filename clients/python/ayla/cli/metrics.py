"""The command that writes a trial's metrics."""

from __future__ import annotations

import typer

from ayla.cli.columns import write_columns
from ayla.cli.options import AsCsv, AsJson, Columns, FromStep, MaxPoints, ToStep, TrialId, require_one_form
from ayla.cli.session import session_of, write

_POINTS_FOR_READING = 20


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
    require_one_form(csv=as_csv, json=as_json)
    if not (as_csv or as_json) and max_points is None:
        max_points = _POINTS_FOR_READING
    names = columns.split(",") if columns else None
    session = session_of(context)
    with session.client() as client:
        if as_csv:
            fetch_csv = client.trials.metrics_csv
            text = fetch_csv(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
            write(text.rstrip("\r\n"))
            return
        fetch = client.trials.metrics
        table = fetch(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
    if not table.rows:
        session.say("This trial has no metrics: they come with classes or test data, after each epoch.")
    write_columns(table, as_json=as_json)
