"""Tables as plain text for the terminal, and as HTML for notebooks."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def text_table(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """One line per row: the first ``left`` columns set to the left, the others (numbers) to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths, left)).rstrip() for row in rows]


def html_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table with a caption; every cell is escaped."""
    head = f"<thead><tr>{_cells(headers, 'th')}</tr></thead>" if headers else ""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption>{head}<tbody>{body}</tbody></table>"


def html_properties(title: str, properties: Mapping[str, object]) -> str:
    """A table of names and values; None is left out."""
    rows = [[name, value] for name, value in properties.items() if value is not None]
    return html_table(title, [], rows)


def html_paragraphs(texts: Iterable[str]) -> str:
    """One paragraph per text, escaped."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _padded(row: Sequence[str], widths: list[int], left: int) -> list[str]:
    return [
        cell.ljust(width) if column < left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _cells(values: Sequence[object], tag: str) -> str:
    return "".join(f'<{tag} style="text-align:left">{escape(_cell_text(value))}</{tag}>' for value in values)


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
