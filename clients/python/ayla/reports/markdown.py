"""Pieces of a Markdown page: tables, figures, lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table with an empty line after it."""
    yield _row(head)
    yield "|---" * len(head) + "|"
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    """A row of a table; a bare bar in a cell would start a new column."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def verbatim(text: str) -> str:
    """A text in which nothing is markup: of an expression, ``**`` is a power."""
    return "".join(f"\\{each}" if each in "\\`*_<[]" else each for each in text)


def paragraph(text: str) -> Iterator[str]:
    """A paragraph with an empty line after it."""
    yield from (text, "")


def bullets(items: Sequence[str]) -> Iterator[str]:
    """A list with an empty line after it; nothing without items."""
    if items:
        yield from (*(f"- {item}" for item in items), "")


def shell(lines: Sequence[str]) -> Iterator[str]:
    """Commands for a shell."""
    yield from ("```sh", *lines, "```", "")
