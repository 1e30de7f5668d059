"""Models of the service's answers, from the schemas of openapi.json.

Fields are as open as those of the models that are written by hand: a state that a newer service has is text, and a
field that it has beside these is ignored. So a schema becomes a class of its own; a list of words becomes ``str``.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "datasets": ("Dataset", "DatasetDetail"),
    "jobs": ("FigureList", "JobCurves", "JobPreviews", "Validation"),
    "queue": ("Queue", "QueuePosition", "Switches"),
    "service": ("Health", "Readiness"),
    "sweeps": ("RankedSetting",),
    "teams": ("Key", "KeyWithSecret", "Me", "Member", "Team", "WeeklyUsage"),
    "webhooks": ("Delivery", "Webhook", "WebhookWithSecret"),
}
"""Answers that no model is written for, by module. Those they are made of are generated with them."""

_SUBJECTS = {"queue": "the queue", "service": "the service itself"}

# Of answers that show them once; what is printed or logged of these does not.
_SECRETS = {"key", "secret"}

# What is not read into a class: the spec of a job, which builders make.
_AS_MAPPING = {"ResolvedJobSpec"}
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

_HEAD = '''"""Answers of the service about {subject}. Generated from openapi.json by `make client`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ayla.models.base import ResponseModel
'''


def texts(contract: Path) -> dict[str, str]:
    """The modules with a class for each answer, by name, and the one that offers all of them."""
    schemas: dict[str, Schema] = json.loads(contract.read_text())["components"]["schemas"]
    names = {module: _ordered(schemas, answers) for module, answers in ANSWERS.items()}
    modules = {module: _module(module, found, schemas) for module, found in names.items()}
    imports = "\n".join(
        f"from ayla.models.contract.{module} import {', '.join(found)}" for module, found in names.items()
    )
    every = ", ".join(f'"{name}"' for name in sorted(name for found in names.values() for name in found))
    head = '"""Answers of the service, as its contract describes them. Generated from openapi.json by `make client`."""'
    return modules | {"__init__": f"{head}\n\n{imports}\n\n__all__ = [{every}]\n"}


def _module(module: str, names: list[str], schemas: Mapping[str, Schema]) -> str:
    return (
        "\n\n".join(
            [_HEAD.format(subject=_SUBJECTS.get(module, module)), *("\n".join(_class(name, schemas)) for name in names)]
        )
        + "\n"
    )


def _ordered(schemas: Mapping[str, Schema], answers: tuple[str, ...]) -> list[str]:
    """The answers and all they are made of, each after what it is made of."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in found or name in _AS_MAPPING or "properties" not in schemas[name]:
            return
        for part in _references(schemas[name]):
            visit(part)
        found[name] = None

    for name in answers:
        visit(name)
    return [*found]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _class(name: str, schemas: Mapping[str, Schema]) -> Iterator[str]:
    schema = schemas[name]
    yield f"class {name}(ResponseModel):"
    said = [(field, _said(part, schemas)) for field, part in schema["properties"].items()]
    told = [(field, words) for field, words in said if words]
    summary = "\n".join(textwrap.wrap(schema["description"].split("\n")[0], 116 - 7))
    if not told:
        yield f'    """{summary}"""\n'
    else:
        yield textwrap.indent(f'"""{summary}\n\nAttributes:', "    ")
        for field, words in told:
            yield textwrap.fill(f"{field}: {words}", 116, initial_indent=" " * 8, subsequent_indent=" " * 12)
        yield '    """\n'
    required = {*schema.get("required", ())}
    for field in sorted(schema["properties"], key=lambda field: field not in required):
        yield f"    {_field(field, schema['properties'][field], schemas, optional=field not in required)}"


def _said(part: Schema, schemas: Mapping[str, Schema]) -> str:
    """What the contract says of a field, in a clause that goes on after the name."""
    words = str(part.get("description", ""))
    if "$ref" in part and not words:
        named = schemas[part["$ref"].rpartition("/")[2]]
        words = f"{_either(named['enum'])}." if "enum" in named else ""
    elif "enum" in part:
        words = f"{words.removesuffix('.')} ({_either(part['enum'])})." if words else f"{_either(part['enum'])}."
    words = re.sub(r"\bnull\b", "None", re.sub(r"\bNull\b", "None", words))
    first, rest = words[:1], words[1:]
    stays = rest[:1].isupper() or rest[:1] == "-" or words.startswith(("None", "True", "False"))
    return words if stays else first.lower() + rest


def _either(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]


def _field(name: str, part: Schema, schemas: Mapping[str, Schema], *, optional: bool) -> str:
    kind = _type(part, schemas)
    if not optional:
        return f"{name}: {kind} = Field(repr=False)" if name in _SECRETS and kind == "str" else f"{name}: {kind}"
    if "None" in kind:
        return f"{name}: {kind} = None"
    if kind.startswith("dict"):
        return f"{name}: {kind} = Field(default_factory=dict)"
    return f"{name}: {kind} = ()" if kind.startswith("tuple") else f"{name}: {kind} | None = None"


def _type(part: Schema, schemas: Mapping[str, Schema]) -> str:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        if name in _AS_MAPPING:
            return "dict[str, Any]"
        return name if "properties" in schemas[name] else "str"
    if "anyOf" in part:
        return " | ".join(dict.fromkeys(_type(one, schemas) for one in part["anyOf"]))
    match part.get("type"):
        case "array":
            return f"tuple[{_type(part['items'], schemas)}, ...]"
        case "object":
            values = part.get("additionalProperties")
            return f"dict[str, {_type(values, schemas) if isinstance(values, Mapping) else 'Any'}]"
        case "string" if part.get("format") == "date-time":
            return "datetime"
        case str() as plain:
            return _PLAIN[plain]
    return "Any"
