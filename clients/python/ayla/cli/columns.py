"""Columns of numbers, as JSON and for reading."""

import math

from ayla._text import aligned
from ayla.cli.session import write, write_json
from ayla.tables import Metrics, Trajectory


def write_columns(table: Trajectory | Metrics, *, as_json: bool) -> None:
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
    return aligned([[*table], *([f"{value:.6g}" for value in row] for row in values)], left=0)
