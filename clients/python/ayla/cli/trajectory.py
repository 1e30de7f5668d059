"""The command that writes a trial's course."""

from __future__ import annotations

from typing import Annotated

import typer

from ayla.cli.columns import write_columns
from ayla.cli.options import AsCsv, AsJson, Columns, FromStep, MaxPoints, ToStep, TrialId, require_one_form
from ayla.cli.session import session_of, write

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
    """Write the recorded course of a trial; for reading it is thinned, as CSV and JSON it is not."""
    require_one_form(csv=as_csv, json=as_json)
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
        course = fetch(trial, columns=names, every=every, max_points=max_points, from_step=from_step, to_step=to_step)
    write_columns(course, as_json=as_json)
