"""The command that writes a trial's course."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from ayla._text import aligned
from ayla.cli.options import AsJson, TrialId, require_one_form
from ayla.cli.session import session_of, write, write_json
from ayla.tables import Trajectory

_POINTS_FOR_READING = 20


def trajectory(
    context: typer.Context,
    trial: TrialId,
    columns: Annotated[str | None, typer.Option(help="Only these, with commas: step,loss.")] = None,
    every: Annotated[int | None, typer.Option(min=1, help="Only each n-th recorded step.")] = None,
    max_points: Annotated[int | None, typer.Option(min=2, help="Thin to about this many rows.")] = None,
    from_step: Annotated[int | None, typer.Option(min=0, help="From this step on.")] = None,
    to_step: Annotated[int | None, typer.Option(min=0, help="Up to this step.")] = None,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
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
    if as_json:
        write_json({"trial_id": course.trial_id, "rows": course.rows, "columns": _json_columns(course)})
    else:
        write("\n".join(_lines(course)))


def _json_columns(course: Trajectory) -> dict[str, list[float | None]]:
    return {name: [value if math.isfinite(value) else None for value in course.numbers(name)] for name in course}


def _lines(course: Trajectory) -> list[str]:
    values = zip(*(course.numbers(name) for name in course), strict=True)
    return aligned([[*course], *([f"{value:.6g}" for value in row] for row in values)], left=0)
