"""Phrases about values and fields, for error messages. Nothing long is quoted."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MAX_QUOTED = 40

_TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def quoted(text: str) -> str:
    """``text`` in quotes, its unprintable characters escaped, cut if long."""
    cut = text[:_MAX_QUOTED]
    shown = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in cut)
    is_whole = len(text) <= _MAX_QUOTED and len(shown) <= _MAX_QUOTED
    return f"'{shown[:_MAX_QUOTED]}{'' if is_whole else '…'}'"


def got_value(value: object) -> str:
    """A value itself where it is short, else its kind."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = repr(value)
        return shown if len(shown) <= _MAX_QUOTED else f"a number of {len(shown)} digits"
    return got_kind(value)


def got_kind(value: object) -> str:
    """Kind of a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a string"
        case int():
            return "a whole number"
        case float():
            return "a number with a fraction" if math.isfinite(value) else got_value(value)
        case list():
            return "a list"
        case _:
            return "an object"


def type_name(node: Mapping[str, Any]) -> str:
    """Type of a field with this JSON schema, in words; empty if it has several."""
    if "const" in node:
        return f"'{node['const']}'"
    if "enum" in node:
        return choices([str(value) for value in node["enum"]])
    if "anyOf" in node:
        return alternatives(dict.fromkeys(filter(None, map(type_name, node["anyOf"]))))
    return "an object" if "discriminator" in node else _TYPE_NAMES.get(str(node.get("type")), "")


def choices(names: Sequence[str]) -> str:
    """'a', 'b' or 'c'."""
    return alternatives(f"'{name}'" for name in names)


def alternatives(words: Iterable[str]) -> str:
    """Of a, b and c: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def nearest(name: object, known: Sequence[str]) -> str:
    """A suggestion of the name most similar to ``name``, led by a space; empty if none is similar."""
    close = difflib.get_close_matches(name[:_MAX_QUOTED], known, n=1) if isinstance(name, str) else []
    return f" Did you mean '{close[0]}'?" if close else ""
