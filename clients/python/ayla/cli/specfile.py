"""Job specs from files: JSON, or YAML 1.2 with the types of its core schema."""

import json
import re
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
import yamlcore

from ayla.errors import InvalidRequest

STDIN = "-"
LARGEST = 1 << 20
"""Bytes; the service takes no more either."""

_DEEPEST = 64

_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
"""Ended lines in YAML 1.1, and do so in PyYAML; in YAML 1.2 a comment or a text goes on behind them."""


class _Unwanted(yaml.MarkedYAMLError):
    """Proper YAML that a job file needs none of."""


class _FieldTwice(Exception):
    """An object of a JSON text has the field of this name twice."""


class _Loader(yamlcore.CoreLoader):  # type: ignore[misc]  # it has no types
    """Reads what JSON can say too, and nothing that can be taken for something else.

    Aliases are refused, as a few lines of them stand for gigabytes, and tags, as they make objects that JSON lacks. Of
    a field that stands twice it would be a guess which one is meant.
    """

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, unless it is of an unwanted kind."""
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None):
            raise _Unwanted(problem="a job file has no anchors, aliases or tags", problem_mark=event.start_mark)
        if self._depth > _DEEPEST:
            raise _Unwanted(problem="it is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # PyYAML's own
        """The mapping, unless a name is no text or stands twice."""
        first: dict[str, int] = {}
        for key, _ in node.value:
            mark = key.start_mark
            if key.tag != "tag:yaml.org,2002:str":
                raise _Unwanted(problem="the name of a field is text; put it in quotes", problem_mark=mark)
            if key.value in first:
                problem = f"the field {_shown(key.value)} stands twice, first in line {first[key.value]}; give it once"
                raise _Unwanted(problem=problem, problem_mark=mark)
            first[key.value] = mark.line + 1
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> int:
    try:
        number: int = loader.construct_yaml_int_core(node)
    except ValueError as error:
        raise _Unwanted(problem="the number has too many digits", problem_mark=node.start_mark) from error
    return number


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def read_spec(source: str) -> dict[str, Any]:
    """The job spec in the file ``source``, or on standard input for ``-``.

    Raises:
        InvalidRequest: it cannot be read, is too large, has a field twice, or is not a mapping.
    """
    name = "Standard input" if source == STDIN else source
    try:
        spec = _parsed(_text_of(source))
    except _Unwanted as error:
        raise InvalidRequest("", f"{name} is not a job spec: {_reason(error)}") from error
    except yaml.YAMLError as error:
        raise InvalidRequest("", f"{name} is neither JSON nor YAML: {_reason(error)}") from error
    except (OSError, ValueError) as error:
        raise InvalidRequest("", f"Cannot read {name}: {error}") from error
    if not isinstance(spec, Mapping):
        kind = "empty" if spec is None else f"a {type(spec).__name__}"
        raise InvalidRequest("", f"{name} is {kind}; a job spec is a mapping of fields.")
    return dict(spec)


def _parsed(text: str) -> Any:
    """What a text says, by the JSON parser where it can be: YAML's takes tabs and pairs of surrogates for faults."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        _refuse_other_line_ends(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # derived from BaseLoader
    except _FieldTwice as twice:
        raise _placed(twice, text) from None


def _refuse_other_line_ends(text: str) -> None:
    found = _OTHER_LINE_ENDS.search(text)
    if found:
        *before, line = text[: found.end()].splitlines()
        mark = yaml.Mark("", found.start(), len(before), len(line), None, 0)
        raise _Unwanted(problem=f"U+{ord(found[0]):04X} ends no line in YAML 1.2; take it out", problem_mark=mark)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise _FieldTwice(name)
        fields[name] = value
    return fields


def _placed(twice: _FieldTwice, text: str) -> _Unwanted:
    """The refusal of a JSON text, with the place that only YAML's parser tells, where it can read that text at all."""
    try:
        # A tab in JSON is a blank between fields; one in a text is written \t.
        yaml.load(text.replace("\t", " "), Loader=_Loader)  # noqa: S506
    except _Unwanted as error:
        return error
    except (yaml.YAMLError, RecursionError):
        pass
    return _Unwanted(problem=f"the field {_shown(str(twice))} stands twice in an object; give it once.")


def _shown(name: str) -> str:
    return f"{name!r:.60}"


def _text_of(source: str) -> str:
    if source == STDIN:
        data = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with Path(source).open("rb") as file:
            data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes.")
    return data.decode("utf-8-sig")


def _reason(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    return str(error).partition("\n")[0]
