"""Job specs from files: JSON, or YAML 1.2 with the types of its core schema."""

import json
import re
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
import yamlcore

from ayla._json import MAX_DEPTH
from ayla.errors import InvalidRequest

STDIN = "-"
MAX_BYTES = 1 << 20
"""Largest job file; the service accepts no larger request body either."""

# A value inside the deepest list or mapping is one level deeper.
_MAX_DEPTH = MAX_DEPTH + 1

_YAML_1_1_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks in YAML 1.1 and in PyYAML, but not in YAML 1.2, where a comment or a text goes on after them."""


class _UnsupportedYAML(yaml.MarkedYAMLError):
    """Valid YAML that a job file must not use."""


class _DuplicateField(Exception):
    """An object of a JSON text has the field of this name twice."""


class _Loader(yamlcore.CoreLoader):  # type: ignore[misc]  # it has no types
    """Reads the part of YAML 1.2 that JSON has too, without anything ambiguous.

    Aliases are refused, as a few lines of them stand for gigabytes, and tags, as they make objects that JSON lacks. Of
    a field that stands twice it would be a guess which one is meant.
    """

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, unless it is unsupported."""
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None):
            raise _UnsupportedYAML(problem="a job file has no anchors, aliases or tags", problem_mark=event.start_mark)
        if self._depth > _MAX_DEPTH:
            raise _UnsupportedYAML(problem="it is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # PyYAML's own
        """The mapping, unless a name is not text or stands twice."""
        first: dict[str, int] = {}
        for key, _ in node.value:
            mark = key.start_mark
            if key.tag != "tag:yaml.org,2002:str":
                raise _UnsupportedYAML(problem="the name of a field is text; put it in quotes", problem_mark=mark)
            if key.value in first:
                problem = f"the field {_quoted(key.value)} stands twice, first in line {first[key.value]}; give it once"
                raise _UnsupportedYAML(problem=problem, problem_mark=mark)
            first[key.value] = mark.line + 1
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    try:
        number: int = loader.construct_yaml_int_core(node)
    except ValueError as error:
        raise _UnsupportedYAML(problem="the number has too many digits", problem_mark=node.start_mark) from error
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def read_spec(source: str, kind: str = "job spec") -> dict[str, Any]:
    """The job spec in the file ``source``, or on standard input for ``-``.

    Args:
        source: the file.
        kind: what it is to be, for errors.

    Raises:
        InvalidRequest: it cannot be read, is too large, has a field twice, or is not a mapping.
    """
    name = "Standard input" if source == STDIN else source
    try:
        spec = _parse(_read_text(source))
    except _UnsupportedYAML as error:
        raise InvalidRequest("", f"{name} is not a {kind}: {_message(error)}") from error
    except yaml.YAMLError as error:
        raise InvalidRequest("", f"{name} is neither JSON nor YAML: {_message(error)}") from error
    except (OSError, ValueError) as error:
        raise InvalidRequest("", f"Cannot read {name}: {error}") from error
    if not isinstance(spec, Mapping):
        found = "empty" if spec is None else f"a {type(spec).__name__}"
        raise InvalidRequest("", f"{name} is {found}; a {kind} is a mapping of fields.")
    return dict(spec)


def parse_value(text: str, name: str) -> Any:
    """A value as a job file would have it: ``0.1``, ``[0, 1]``, ``{values: [1, 2]}``, else text.

    Raises:
        InvalidRequest: it is not written as JSON or YAML; ``name`` is the pointer of the error.
    """
    try:
        return _parse(text)
    except yaml.YAMLError as error:
        raise InvalidRequest(name, f"'{text}' is neither JSON nor YAML: {_message(error)}") from error
    except ValueError as error:
        raise InvalidRequest(name, f"'{text}' cannot be read: {error}") from error


def _parse(text: str) -> Any:
    """The value of a text, by the JSON parser where possible: YAML's refuses tabs and pairs of surrogates."""
    try:
        return json.loads(text, object_pairs_hook=_object_without_duplicates)
    except (ValueError, RecursionError):
        _refuse_yaml_1_1_line_breaks(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # derived from BaseLoader
    except _DuplicateField as duplicate:
        raise _with_position(duplicate, text) from None


def _refuse_yaml_1_1_line_breaks(text: str) -> None:
    found = _YAML_1_1_LINE_BREAKS.search(text)
    if found:
        *before, line = text[: found.end()].splitlines()
        mark = yaml.Mark("", found.start(), len(before), len(line), None, 0)
        raise _UnsupportedYAML(
            problem=f"U+{ord(found[0]):04X} ends no line in YAML 1.2; take it out", problem_mark=mark
        )


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise _DuplicateField(name)
        fields[name] = value
    return fields


def _with_position(duplicate: _DuplicateField, text: str) -> _UnsupportedYAML:
    """The error with the position of the field, which only YAML's parser tells, where it can read the text at all."""
    try:
        # A tab in JSON is a blank between fields; one in a text is written \t.
        yaml.load(text.replace("\t", " "), Loader=_Loader)  # noqa: S506
    except _UnsupportedYAML as error:
        return error
    except (yaml.YAMLError, RecursionError):
        pass
    return _UnsupportedYAML(problem=f"the field {_quoted(str(duplicate))} stands twice in an object; give it once.")


def _quoted(name: str) -> str:
    return f"{name!r:.60}"


def _read_text(source: str) -> str:
    if source == STDIN:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(source).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes.")
    return data.decode("utf-8-sig")


def _message(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    return str(error).partition("\n")[0]
