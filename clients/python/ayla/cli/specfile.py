"""Job specs from files: YAML, of which JSON is a part."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
import yaml

STDIN = "-"


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2 and JSON do; YAML 1.1 takes it for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)


def read_spec(source: str) -> dict[str, Any]:
    """The job spec in the file ``source``, or on standard input for ``-``.

    Raises:
        typer.BadParameter: it cannot be read, or is not a mapping.
    """
    text = sys.stdin.read() if source == STDIN else _text_of(Path(source))
    try:
        spec = _parsed(text)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"{source} is neither JSON nor YAML: {error}", param_hint="--file") from error
    if not isinstance(spec, Mapping):
        kind = "empty" if spec is None else f"a {type(spec).__name__}"
        raise typer.BadParameter(f"{source} is {kind}; a job spec is a mapping of fields.", param_hint="--file")
    return dict(spec)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from SafeLoader


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"Cannot read {path}: {error}", param_hint="--file") from error
