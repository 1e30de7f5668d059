"""Commands about trials: trajectory, metrics."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from ayla._formatting import text_table
from ayla.cli.options import AsCsv, AsJson, Columns, FromStep, MaxPoints, ToStep, TrialId, require_one_format
from ayla.cli.session import session_of, write, write_json
from ayla.tables import Metrics, Trajectory

_POINTS_FOR_READING = 20


def trajectory(
    context: typer.Context,
    trial: TrialId,
    columns: Columns = None,
    every: Annotated[int | None, typer.Option(min=1, help="Only each n-th recorded step.")] = None,
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
        if as_csv:
            fetch_csv = client.trials.trajectory_csv
            text = fetch_csv(
                trial, columns=names, every=every, max_points=max_points, from_step=from_step, to_step=to_step
            )
            write(text.rstrip("\r\n"))
            return
        fetch = client.trials.trajectory
        table = fetch(trial, columns=names, every=every, max_points=max_points, from_step=from_step, to_step=to_step)
    _write_columns(table, as_json=as_json)


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
        if as_csv:
            fetch_csv = client.trials.metrics_csv
            text = fetch_csv(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
            write(text.rstrip("\r\n"))
            return
        fetch = client.trials.metrics
        table = fetch(trial, columns=names, max_points=max_points, from_step=from_step, to_step=to_step)
    if not table.rows:
        session.say("This trial has no metrics: they come with a dataset, after each epoch.")
    _write_columns(table, as_json=as_json)


def _write_columns(table: Trajectory | Metrics, *, as_json: bool) -> None:
    """Write a trial's columns as one JSON document, or as lines for reading."""
    if as_json:
        columns = {name: _json_column(table.numbers(name)) for name in table}
        write_json({"trial_id": table.trial_id, "rows": table.rows, "columns": columns})
    else:
        write("\n".join(_lines(table)))


def _json_column(numbers: list[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in numbers]


def _lines(table: Trajectory | Metrics) -> list[str]:
    values = zip(*(table.numbers(name) for name in table), strict=True)
    return text_table([[*table], *([f"{value:.6g}" for value in row] for row in values)], left=0)
