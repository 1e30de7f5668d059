"""HTML for light and for dark pages: the page's own colours, greys, and a few colours that are legible on both.

All that is not ``Markup`` is text, which is escaped: names of jobs, labels and messages are their users'.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

MOST_ROWS = 30
"""Rows of a table, and paragraphs, that are shown; how many more there are is said."""

MOST_CHARACTERS = 500
"""Characters of a text that are shown."""

GREY, BLUE, GREEN, AMBER, RED = "#888888", "#3b82f6", "#2a9d5c", "#c98500", "#d9534f"
"""Each has a contrast of at least 3 on white and on black."""

_COLOURS = {
    "running": BLUE, "busy": BLUE,
    "succeeded": GREEN, "completed": GREEN, "idle": GREEN,
    "failed": RED, "lost": RED, "diverged": AMBER, "cancelled": AMBER,
}  # fmt: skip
_CAPTION = "caption-side:top;text-align:left;font-weight:600;padding:.2em 0;color:inherit;"
_LONG_TITLE = 100
"""Characters; a shorter title is one line, however narrow the table is."""
_SHORT_CELL = 40
"""Characters; what is shorter, such as an id or a moment, is not broken into lines."""
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = "padding:.2em .9em .2em 0;border:none;vertical-align:top;max-width:40em;overflow-wrap:break-word;"
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


class Markup(str):
    """HTML as it stands."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as escaped text: numbers with six digits, moments to the second, nothing for None."""
    if isinstance(value, Markup):
        return value
    said = _said(value).encode("utf-8", "replace").decode().translate(_CONTROLS)
    short = said if len(said) <= MOST_CHARACTERS else f"{said[: MOST_CHARACTERS - 1]}…"
    return Markup(escape(short))


def element(name: str, *content: object, **attributes: str) -> Markup:
    """An element around texts and other elements; ``_`` in the name of an attribute stands for ``-``."""
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{said}>{''.join(map(text, content))}</{name}>")


def page(*parts: Markup) -> str:
    """The whole of what is shown. Dollar signs in it are no formulas."""
    return element("div", *parts, class_="ayla tex2jax_ignore mathjax_ignore")


def table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1, count: int | None = None
) -> Markup:
    """A table of the first rows.

    Args:
        title: above it.
        headers: of the columns; none: the table has no head.
        rows: their cells.
        left: so many columns are set to the left, the others, which are numbers, to the right.
        count: of all rows, where these are not all.
    """
    sides = ["left" if column < left else "right" for column in range(max(map(len, [headers, *rows[:1]])))]
    head = element("thead", _row("th", headers, sides, f"border-bottom:{_LINE};")) if headers else ""
    body = element("tbody", *(_row("td", row, sides) for row in rows[:MOST_ROWS]))
    wrap = "normal" if len(title) > _LONG_TITLE else "nowrap"
    caption = element("caption", title, style=f"{_CAPTION}white-space:{wrap}")
    style = "border-collapse:collapse;margin:0 0 .6em;table-layout:auto;font-variant-numeric:tabular-nums"
    shown = element("table", caption, head, body, style=style)
    return Markup(shown + _more((count or len(rows)) - MOST_ROWS, "rows"))


def properties(title: str, named: Mapping[str, object]) -> Markup:
    """A table of names and values; None is left out."""
    rows = [[element("span", name, style=f"color:{GREY}"), value] for name, value in named.items() if value is not None]
    return table(title, [], rows, left=2)


def paragraphs(texts: Iterable[str]) -> Markup:
    """One paragraph per text; of many the first."""
    every = list(texts)
    shown = "".join(element("p", one) for one in every[:MOST_ROWS])
    return Markup(shown + _more(len(every) - MOST_ROWS, "sentences"))


def note(said: str) -> Markup:
    """A remark in grey."""
    return element("p", said, style=f"color:{GREY};margin:.2em 0")


def state(word: str, detail: object = None) -> Markup:
    """A state: a dot in its colour and the word, and what else there is to say."""
    dot = element("span", "\N{BLACK CIRCLE}", style=f"color:{_COLOURS.get(word.partition(',')[0], GREY)}")
    return Markup(f"{dot} {text(word)}{f': {text(detail)}' if detail else ''}")


def code(identifier: str) -> Markup:
    """An id."""
    return element("code", identifier, style="background:transparent;color:inherit")


def bar(fraction: float, colour: str = BLUE) -> Markup:
    """How much is done, from 0 to 1."""
    done = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0
    inner = element("div", style=f"width:{done:.1%};height:100%;background:{colour};border-radius:.3em")
    outer = "width:24em;max-width:100%;height:.6em;margin:.3em 0;background:rgba(128,128,128,.3);border-radius:.3em"
    told = {"aria_valuenow": f"{100 * done:.0f}", "aria_valuemin": "0", "aria_valuemax": "100"}
    return element("div", inner, style=outer, role="progressbar", **told)


def _row(tag: str, cells: Sequence[object], sides: Sequence[str], style: str = "") -> Markup:
    shown = zip(map(text, cells), sides, strict=True)
    return element("tr", *(element(tag, cell, style=_cell_style(cell, side) + style) for cell, side in shown))


def _cell_style(cell: Markup, side: str) -> str:
    is_short = len(re.sub("<[^>]*>", "", cell)) <= _SHORT_CELL
    return f"text-align:{side};{_CELL}{'white-space:nowrap;' if is_short else ''}"


def _more(count: int, what: str) -> str:
    return note(f"… and {count} more {what}.") if count > 0 else ""


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}".rstrip()
    return str(value)
