"""The file with profiles, as the command changes it: what people wrote in it stays, and only they can read it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from ayla.errors import AylaError

_OWNER_ONLY = 0o600
"""It has API keys."""


@contextmanager
def changing(path: Path) -> Iterator[tomlkit.TOMLDocument]:
    """The content of the file to be changed; it is written at the end of the block, all of it or nothing.

    Raises:
        AylaError: the file cannot be read or written, or is no TOML.
    """
    document = _read(path)
    yield document
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, tomlkit.dumps(document))
    except OSError as error:
        raise AylaError(f"Cannot write {path}: {error.strerror}") from error


def table(document: Any, *names: str) -> Any:
    """A table within the document, made where it is missing."""
    place = document
    for index, name in enumerate(names):
        if name not in place:
            place[name] = tomlkit.table(is_super_table=index < len(names) - 1)
        place = place[name]
    return place


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise AylaError(f"Cannot read {path}: {error.strerror}") from error
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise AylaError(f"{path} is not TOML: {error}") from error


def _replace(path: Path, text: str) -> None:
    """A new file in the place of the old one; a temporary file is its owner's alone from the beginning."""
    target = path.resolve()  # a link stays a link
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(_OWNER_ONLY)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
