"""Answers about sweeps as HTML."""

from __future__ import annotations

from typing import Any, TypeAlias

from ayla.notebook.figures import OPTIONS, Fetch, figure
from ayla.notebook.markup import Markup, element, note, page, paragraphs, table
from ayla.sweep_pictures import AsyncPictured, Pictured
from ayla.sweeps import BestSettings

AnyPictured: TypeAlias = Pictured[Any] | AsyncPictured[Any]


def best_html(found: BestSettings) -> str:
    """The best setting of each arm, and what it is worth."""
    heads, *rows = found.lines
    return page(table(f"Best settings: {found.over}", heads, rows), paragraphs(found.statements))


def sensitivity_html(found: AnyPictured) -> str:
    """The curves along the axis, as the service draws them."""
    return _pictured(found, "Best and median result along one axis")


def heat_map_html(found: AnyPictured) -> str:
    """The map, as the service draws it."""
    return _pictured(found, "Result over two axes")


def pictured_text(found: AnyPictured) -> str:
    """Its numbers where they are here already: of a large map they take long."""
    return str(found) if found.has_numbers else f"<{type(found).__name__}: print() shows its numbers, save() writes it>"


def _pictured(found: AnyPictured, description: str) -> str:
    drawn = figure(_fetcher(found), description)
    if drawn.startswith("<img"):
        return page(drawn)
    return page(drawn, _preformatted(found) if found.has_numbers else note("print() shows the numbers."))


def _fetcher(found: AnyPictured) -> Fetch | None:
    """One of an asynchronous client has to be awaited, which a notebook does not do with what it shows."""
    return (lambda: found.picture("png", **OPTIONS)) if isinstance(found, Pictured) else None


def _preformatted(found: AnyPictured) -> Markup:
    return element("pre", *(element("span", line + "\n") for line in str(found).splitlines()))
