"""Job specs from files: YAML, of which JSON is a part."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ayla.errors import InvalidRequest

STDIN = "-"
LARGEST = 1 << 20
"""Bytes; the service takes no more either."""

_DEEPEST = 64


class _Unwanted(yaml.MarkedYAMLError):
    """Proper YAML that a job file needs none of."""


class _Loader(yaml.SafeLoader):
    """Reads what JSON can say too, with 1e-3 as a number as in YAML 1.2; YAML 1.1 takes it for text.

    Aliases are refused, as a few lines of them stand for gigabytes, and tags, as they make objects that JSON lacks.
    """

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, unless it is of an unwanted kind."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None):
            raise _Unwanted(problem="a job file has no anchors, aliases or tags", problem_mark=event.start_mark)
        if self._depth > _DEEPEST:
            raise _Unwanted(problem="it is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _refuse_date(_: yaml.SafeLoader, node: yaml.Node) -> None:
    raise _Unwanted(problem="a date has to be in quotes", problem_mark=node.start_mark)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _refuse_date)


def read_spec(source: str) -> dict[str, Any]:
    """The job spec in the file ``source``, or on standard input for ``-``.

    Raises:
        InvalidRequest: it cannot be read, is too large, or is not a mapping.
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
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from SafeLoader


def _text_of(source: str) -> str:
    if source == STDIN:
        data = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with Path(source).open("rb") as file:
            data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes.")
    return data.decode("utf-8")


def _reason(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    return str(error).partition("\n")[0]
