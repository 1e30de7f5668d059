"""Small HTML tables for notebooks."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def facts(title: str, pairs: Mapping[str, object]) -> str:
    """A two-column table of what is known; None is left out."""
    known = [[key, value] for key, value in pairs.items() if value is not None]
    return table(title, [], known)


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table with a caption; every cell is escaped."""
    head = f"<thead><tr>{_cells(headers, 'th')}</tr></thead>" if headers else ""
    body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption>{head}<tbody>{body}</tbody></table>"


def paragraphs(texts: Iterable[str]) -> str:
    """One paragraph per text, escaped."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _cells(values: Sequence[object], tag: str) -> str:
    return "".join(f'<{tag} style="text-align:left">{escape(_text(value))}</{tag}>' for value in values)


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
