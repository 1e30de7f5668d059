"""Every other answer of the service as HTML: a table of its fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeGuard

from ayla.models.base import ResponseModel
from ayla.models.jobs import Catalogue
from ayla.notebook.markup import Markup, code, page, state, table

SECRETS = frozenset({"key", "secret", "token"})
"""Fields that are not shown: what is shown stays in the notebook's file."""

_TITLES = ("title", "name", "label", "id")

Fields = dict[str, object]


def title_of(record: ResponseModel) -> str:
    """What an answer is, and its name."""
    title = next((str(value) for name in _TITLES if (value := getattr(record, name, None))), "")
    return f"{name_of(record)} {title}".rstrip()


def parts_of(record: ResponseModel) -> dict[str, object]:
    """The fields that have fields of their own, and lists of such."""
    return {name: value for name, value in record if _has_fields(value)}


def is_unworded(item: object) -> TypeGuard[ResponseModel]:
    """Whether it is an answer that ``print`` has no words for."""
    return isinstance(item, ResponseModel) and type(item).__str__ is ResponseModel.__str__


def record_text(record: ResponseModel) -> str:
    """A line for each field."""
    return "\n".join([name_of(record), *(f"  {name}: {value}" for name, value in plain_fields(record).items())])


def catalogue_html(catalogue: Catalogue) -> str:
    """The presets and test functions."""
    rows = [[entry.get("name"), entry.get("title")] for entry in (*catalogue.presets, *catalogue.functions)]
    return page(table("Catalogue", ["name", "title"], rows, left=2))


def plain_fields(record: ResponseModel) -> Fields:
    """What its fields say, without those that say nothing."""
    told = {name.replace("_", " "): _said(name, value) for name, value in record}
    return {name: value for name, value in told.items() if value is not None}


def marked_fields(record: ResponseModel) -> Fields:
    """The same, with states and ids marked."""
    marks: dict[str, Callable[[str], Markup]] = {"state": state, "id": code}
    return {name: marks[name](str(value)) if name in marks else value for name, value in plain_fields(record).items()}


def name_of(item: object) -> str:
    """What it is, in words: a ``QueuePosition`` is a "Queue position"."""
    name = re.sub("^Async|(Data|Detail|WithSecret)$", "", type(item).__name__)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1] + words[1:].lower()


def _said(name: str, value: object) -> object:
    if value is None or value in ((), [], {}, ""):
        return None
    if name in SECRETS:
        return f"not shown here; print(x.{name}) prints it"
    return value if isinstance(value, int | float | datetime) and not isinstance(value, bool) else _part(value)


def _has_fields(value: object) -> bool:
    several = isinstance(value, tuple) and bool(value) and isinstance(value[0], ResponseModel)
    return isinstance(value, ResponseModel) or several


def _part(value: object) -> str:
    """A part in one line; of several that have parts themselves their number."""
    if isinstance(value, ResponseModel):
        return _part(plain_fields(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_part(part)}" for name, part in value.items())
    if isinstance(value, tuple | list):
        deep = any(isinstance(part, ResponseModel | Mapping) for part in value)
        return str(len(value)) if deep else ", ".join(map(_part, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
