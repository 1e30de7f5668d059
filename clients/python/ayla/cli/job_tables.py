"""Commands that write tables of all trials of a job: table, trajectories, metrics."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ayla._formatting import text_table
from ayla._json import without_none
from ayla.cli.files import write_bytes
from ayla.cli.ids import job_id
from ayla.cli.options import AsCsv, AsJson, Columns, FromStep, JobId, MaxPoints, OutputFile, ToStep
from ayla.cli.output import cell_text, require_one_format, terminal_width, write, write_json
from ayla.cli.session import Session, session_of
from ayla.cli.trial_filters import Arm, Sort, TrialState, Where
from ayla.tables import ColumnTable

_ROWS_FOR_READING = 50
_FIRST = ("trial_index", "label", "seed", "step", "epoch", "loss", "train_loss", "final_loss", "best_loss")
"""Columns that people want to see first."""

_INTERNAL = {"trial_id", "optimizer_index", "wall_seconds", "steps_per_second"}
"""Columns that they need not see."""

Every = Annotated[int | None, typer.Option(min=1, metavar="N", help="Only each n-th recorded step.")]


def table(
    context: typer.Context,
    job: JobId,
    where: Where = None,
    arm: Arm = None,
    state: TrialState = None,
    sort: Sort = None,
    output: OutputFile = None,
    *,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Write the trials of a job as one table: a row each, with its settings and results.

    -o with a file that ends with .csv or .parquet writes that.
    """
    require_one_format(csv=as_csv, json=as_json)
    session = session_of(context)
    with session.client() as client:
        found = client.jobs.summary(job_id(client, job), sort=sort, **_choice(where, arm, state))
    _write(session, found, output, as_csv=as_csv, as_json=as_json)


def trajectories(
    context: typer.Context,
    job: JobId,
    where: Where = None,
    arm: Arm = None,
    state: TrialState = None,
    columns: Columns = None,
    every: Every = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    output: OutputFile = None,
    *,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Write the recorded steps of all trials of a job as one table."""
    require_one_format(csv=as_csv, json=as_json)
    session = session_of(context)
    thinning = _thinning(columns, max_points, from_step, to_step)
    with session.client() as client:
        found = client.jobs.trajectories(
            job_id(client, job), every=every, choice=_choice(where, arm, state), **thinning
        )
    _write(session, found, output, as_csv=as_csv, as_json=as_json)


def job_metrics(
    context: typer.Context,
    job: JobId,
    where: Where = None,
    arm: Arm = None,
    state: TrialState = None,
    columns: Columns = None,
    max_points: MaxPoints = None,
    from_step: FromStep = None,
    to_step: ToStep = None,
    output: OutputFile = None,
    *,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Write loss and accuracy of all trials of a job, epoch by epoch, as one table."""
    require_one_format(csv=as_csv, json=as_json)
    session = session_of(context)
    thinning = _thinning(columns, max_points, from_step, to_step)
    with session.client() as client:
        found = client.jobs.metrics(job_id(client, job), choice=_choice(where, arm, state), **thinning)
    _write(session, found, output, as_csv=as_csv, as_json=as_json)


def _choice(where: Sequence[str] | None, arm: str | None, states: Sequence[str] | None) -> Any:
    return without_none(where=where or None, arm=arm, states=states or None)


def _thinning(columns: str | None, max_points: int | None, from_step: int | None, to_step: int | None) -> Any:
    names = columns.split(",") if columns else None
    return without_none(columns=names, max_points=max_points, from_step=from_step, to_step=to_step)


def _write(session: Session, found: ColumnTable, output: str | None, *, as_csv: bool, as_json: bool) -> None:
    """Write a table into a file, or to standard output in a form."""
    columns = {name: found.numbers(name) for name in found}
    if output is not None:
        write_bytes(session, _file(found, columns, output, as_json=as_json), output)
    elif as_json:
        write_json({"rows": found.rows, "columns": _finite(columns)})
    elif as_csv:
        write(_csv(columns).removesuffix("\n"))
    else:
        _write_for_people(session, columns, found.rows)


def _write_for_people(session: Session, columns: Mapping[str, Sequence[Any]], rows: int) -> None:
    """The first rows; on a terminal the columns that tell rows apart, as many as fit."""
    shown = {name: [_text(value) for value in values[:_ROWS_FOR_READING]] for name, values in columns.items()}
    kept = {name: values for name, values in shown.items() if any(values)}
    if not kept:
        session.say("Nothing is recorded, or no trial is meant.")
        return
    order = sorted(kept, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    lines = _widest({name: kept[name] for name in order if _tells_apart(name, kept[name])} or kept)
    write("\n".join(_table(kept) if lines is None else lines))
    if rows > _ROWS_FOR_READING or lines is not None:
        session.say(
            f"The first {min(rows, _ROWS_FOR_READING)} of {rows} rows; --csv, --json and -o FILE have all of it."
        )


def _tells_apart(name: str, values: Sequence[str]) -> bool:
    return name not in _INTERNAL and len({*values}) > 1


def _widest(columns: Mapping[str, Sequence[str]]) -> list[str] | None:
    """The table of as many columns as fit the terminal; None where output is no terminal."""
    width = terminal_width()
    if width is None:
        return None
    names = [*columns]
    while len(names) > 1 and len(_table({name: columns[name] for name in names})[0]) > width:
        names.pop()
    return _table({name: columns[name] for name in names})


def _table(columns: Mapping[str, Sequence[str]]) -> list[str]:
    return text_table([[*columns], *([*row] for row in zip(*columns.values(), strict=True))], left=0)


def _file(found: ColumnTable, columns: Mapping[str, Sequence[Any]], output: str, *, as_json: bool) -> bytes:
    """The content of a file, by how its name ends.

    Raises:
        MissingDependency: for Parquet pyarrow is not installed.
    """
    if output.lower().endswith(".parquet"):
        arrow = found.to_arrow()
        import pyarrow.parquet

        written = io.BytesIO()
        pyarrow.parquet.write_table(arrow, written)
        return written.getvalue()
    if as_json or output.lower().endswith(".json"):
        return json.dumps({"rows": found.rows, "columns": _finite(columns)}).encode()
    return _csv(columns).encode()


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """CSV with an empty field where a number is not finite, as the service writes it."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*_finite(columns).values(), strict=True))
    return written.getvalue()


def _finite(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [None if _missing(value) else value for value in values] for name, values in columns.items()}


def _text(value: Any) -> str:
    return "" if _missing(value) else cell_text(value)


def _missing(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
