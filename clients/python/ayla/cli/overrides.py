"""Fields of a job spec that are changed on the command line: ``--set budget.steps=100``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import typer

from ayla._json import JSONObject
from ayla.cli.specfile import parse_value

Base: TypeAlias = Callable[[], Mapping[str, Any]]
"""Asks for the spec that is changed; only a change inside of a list has to know it."""

_OPTION = "--set"


def changed(spec: Mapping[str, Any], settings: Sequence[str]) -> JSONObject:
    """The spec with fields set.

    Raises:
        typer.BadParameter: a setting is not written as it should be, or leads to no place of the spec.
    """
    return merged(spec, changes(settings, lambda: spec))


def changes(settings: Sequence[str], base: Base) -> JSONObject:
    """The changes that settings make, as a JSON Merge Patch (RFC 7396).

    An object is merged field by field. A list is replaced as a whole, so where a setting leads into a list the patch
    has the list of the spec, with that change.

    Args:
        settings: such as ``["budget.steps=100", "optimizers.0.learning_rate=0.1"]``; later ones win.
        base: asks for the spec that is changed.

    Raises:
        typer.BadParameter: a setting is not written as it should be, or leads to no place of the spec.
    """
    patch: JSONObject = {}
    for setting in settings:
        path, value = _parts(setting)
        if path[0] not in patch and any(part.isdigit() for part in path):
            spec = base()
            if path[0] not in spec:
                raise _no_place(setting, path[0])
            patch[path[0]] = copy.deepcopy(spec[path[0]])
        _put(patch, path, value, setting)
    return patch


def merged(spec: Mapping[str, Any], patch: Mapping[str, Any]) -> JSONObject:
    """The spec after a JSON Merge Patch: objects field by field, None takes a field away."""
    found = dict(spec)
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping):
            before = found.get(name)
            found[name] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            found[name] = value
    return found


def named_values(settings: Sequence[str]) -> JSONObject:
    """Settings without a path, such as ``["scale=log", "smooth=25"]``, by their names.

    Raises:
        typer.BadParameter: one is not written so.
    """
    return {".".join(path): value for path, value in map(_parts, settings)}


def _parts(setting: str) -> tuple[list[str], Any]:
    """The path and the value of a setting."""
    field, equals, text = setting.partition("=")
    path = field.strip().split(".")
    if not equals or not all(path):
        raise typer.BadParameter(
            f"write a field and its value, such as budget.steps=100, not '{setting}'.", param_hint=_OPTION
        )
    return path, parse_value(text, _OPTION)


def _put(patch: JSONObject, path: Sequence[str], value: Any, setting: str) -> None:
    place: Any = patch
    for part in path[:-1]:
        if isinstance(place, dict) and not isinstance(place.get(part), dict | list):
            place[part] = {}
        place = place[_key(place, part, setting)]
    if not isinstance(place, dict | list):
        raise _no_place(setting, path[-1])
    place[_key(place, path[-1], setting)] = value


def _key(place: Any, part: str, setting: str) -> Any:
    """A name of an object, or a place of a list."""
    if isinstance(place, dict):
        return part
    if not isinstance(place, list) or not part.isdigit() or int(part) >= len(place):
        raise _no_place(setting, part, place)
    return int(part)


def _no_place(setting: str, part: str, place: Any = None) -> typer.BadParameter:
    length = f"; the list there has the places 0 to {len(place) - 1}" if isinstance(place, list) and place else ""
    return typer.BadParameter(f"'{part}' of '{setting}' is no place of the spec{length}.", param_hint=_OPTION)
