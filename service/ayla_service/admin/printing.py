"""Output of the admin commands: a table for people, or JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import typer
from ayla_spec.text import Project
from pydantic import TypeAdapter, ValidationError

from ayla_service.processes.startup import StartError

Record = Mapping[str, object]

_anything: TypeAdapter[object] = TypeAdapter(object)
_name: TypeAdapter[str] = TypeAdapter(Project)


def write_all(records: Sequence[Record], columns: Sequence[str], *, as_json: bool) -> None:
    """Write records: all of each as JSON, or these columns as a table."""
    if as_json:
        typer.echo(_anything.dump_json(records, indent=2).decode())
        return
    rows = [[column.replace("_", " ") for column in columns]]
    rows += [[_cell_text(record[column]) for column in columns] for record in records]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_one(record: Record) -> None:
    """Write one record as JSON."""
    typer.echo(_anything.dump_json(record, indent=2).decode())


def say(text: str) -> None:
    """A message for people, on standard error."""
    typer.echo(text, err=True)


def checked_name(text: str, what: str) -> str:
    """Check the name of a team, a member or a key.

    Raises:
        StartError: if it is not valid.
    """
    try:
        return _name.validate_python(text)
    except ValidationError:
        raise StartError(f"The name of a {what} is printable text on one line, of 1 to 100 characters.") from None


def _cell_text(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case list() | tuple() | set() | frozenset():
            return ",".join(map(str, value)) or "-"
        case Mapping():
            return ",".join(f"{name}={number}" for name, number in value.items()) or "-"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
