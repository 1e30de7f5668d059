"""What commands write to standard output: JSON documents, ids, and tables that fit the terminal."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import typer
from pydantic import BaseModel

from ayla._formatting import text_table

T = TypeVar("T")

_NARROWEST = 8
"""Characters that a cell keeps where a table is made to fit the terminal."""

_NARROWEST_TEXT = 24
_BETWEEN_COLUMNS = 2
_EXACT = 1e15
"""Whole numbers below it are written with every digit."""


@dataclass(frozen=True, slots=True)
class OutputForm:
    """The form in which a command writes what it found; without any of them text for people.

    Attributes:
        as_json: one JSON document.
        as_lines: a JSON document on a line for each item.
        quiet: ids only.
    """

    as_json: bool = False
    as_lines: bool = False
    quiet: bool = False

    @classmethod
    def of(cls, *, json: bool = False, jsonl: bool = False, quiet: bool = False) -> OutputForm:
        """The form that options ask for.

        Raises:
            typer.BadParameter: they ask for several.
        """
        require_one_format(json=json, jsonl=jsonl, quiet=quiet)
        return cls(json, jsonl, quiet)

    @property
    def for_people(self) -> bool:
        """Whether text is wanted."""
        return not (self.as_json or self.as_lines or self.quiet)


def require_one_format(**formats: bool) -> None:
    """Refuse several output formats at once: ``json``, ``jsonl``, ``quiet``, ``csv``.

    Raises:
        typer.BadParameter: more than one is wanted.
    """
    wanted = [f"--{name}" for name, is_wanted in formats.items() if is_wanted]
    if len(wanted) > 1:
        raise typer.BadParameter(f"give one of {', '.join(wanted)}, not several.", param_hint=wanted[0])


def write(text: str) -> None:
    """Write data to standard output."""
    typer.echo(text)


def write_json(value: object) -> None:
    """Write one JSON document, indented."""
    write(json.dumps(jsonable(value), indent=2, ensure_ascii=False))


def write_line(value: object) -> None:
    """Write one JSON document on one line."""
    write(json.dumps(jsonable(value), ensure_ascii=False))


def jsonable(value: object) -> Any:
    """A value with models in it as what JSON knows."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    return [jsonable(item) for item in value] if isinstance(value, list | tuple) else value


def write_items(
    items: Iterable[T],
    form: OutputForm,
    columns: Mapping[str, Callable[[T], object]],
    *,
    text_columns: int = 99,
    id_of: Callable[[T], str] = lambda item: str(getattr(item, "id")),  # noqa: B009  # of any model
    say_empty: Callable[[], None] = lambda: None,
) -> None:
    """Write a list: in JSON, as ids, or as a table.

    Args:
        items: what was found; with JSON lines each is written as it comes.
        form: in which it is written.
        columns: the heading of each column of the table, and its cell of an item.
        text_columns: so many columns are set to the left; those after them, numbers, to the right.
        id_of: what ``-q`` writes of an item.
        say_empty: says, to people, that there is nothing and what to do.
    """
    if form.as_lines:
        for item in items:
            write_line(item)
        return
    found = [*items]
    if form.as_json:
        write_json(found)
    elif form.quiet:
        for item in found:
            write(id_of(item))
    elif found:
        rows = [[cell_text(cell(item)) for cell in columns.values()] for item in found]
        write("\n".join(fitted_table([[*columns], *rows], left=text_columns)))
    else:
        say_empty()


def write_record(item: Any, form: OutputForm, properties: Mapping[str, object], *, identity: str | None = None) -> None:
    """Write one thing: as a JSON document, as its id, or its properties one a line; those without a value are left out.

    Args:
        item: the thing.
        form: in which it is written.
        properties: names and values, for people.
        identity: what ``-q`` writes; default: its ``id``.
    """
    if form.as_json or form.as_lines:
        write_json(item) if form.as_json else write_line(item)
    elif form.quiet:
        write(str(item.id) if identity is None else identity)
    else:
        write("\n".join(property_lines(properties)))


def property_lines(properties: Mapping[str, object]) -> list[str]:
    """Names and values, one a line; those without a value are left out."""
    cells = [[name, _whole_text(value)] for name, value in properties.items()]
    return text_table([cell for cell in cells if cell[1]], left=2) if any(cell[1] for cell in cells) else []


def _whole_text(value: object) -> str:
    """A value as text; where there is room, of a moment also the seconds and what clock is meant."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return cell_text(value)


def cell_text(value: object) -> str:
    """A value as text for people; nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(cell_text, value))
    return str(value)


def size_text(count: float) -> str:
    """A number of bytes for people: ``512 B``, ``1.5 kB``, ``20 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def fitted_table(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """A table, one line per row; on a terminal its widest text columns are shortened until it fits.

    Columns without any content below their heading are left out on a terminal. Elsewhere nothing is shortened or left
    out, so that what reads the output finds whole cells at their places.
    """
    width = terminal_width()
    if width is None:
        return text_table(rows, left=left)
    kept = [index for index, column in enumerate(zip(*rows, strict=True)) if any(column[1:])]
    shown = [[row[index] for index in kept] for row in rows]
    left = sum(index < left for index in kept)
    return text_table(_shortened(shown, left, width), left=left)


def explained_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table whose last column explains the others: on a terminal its text goes on in lines of its own."""
    *names, _ = [max(map(len, column)) for column in zip(*rows, strict=True)]
    indent = sum(names) + _BETWEEN_COLUMNS * len(names)
    width = terminal_width()
    if width is None or width - indent < _NARROWEST_TEXT:
        return text_table(rows, left=len(rows[0]))
    lines: list[list[str]] = []
    for *cells, text in rows:
        first, *more = textwrap.wrap(text, width - indent) or [""]
        lines += [[*cells, first], *([*[""] * len(cells), each] for each in more)]
    return text_table(lines, left=len(rows[0]))


def terminal_width() -> int | None:
    """Of standard output in characters; None where it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _shortened(rows: Sequence[Sequence[str]], left: int, width: int) -> list[list[str]]:
    """The rows, with cells of text cut as far as needed; the first column, of ids, is kept."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    excess = sum(widths) + _BETWEEN_COLUMNS * (len(widths) - 1) - width
    while excess > 0:
        widest = max(range(1, left), key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return [[_cut(cell, most) for cell, most in zip(row, widths, strict=True)] for row in rows]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
