"""Writes docs/python.md from the docstrings of the client's public names: ``make python-docs``.

griffe reads the sources, signatures and docstrings; what stands where is decided here. A test compares the committed
page with this one.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import ayla
import griffe

SOURCES = Path(ayla.__file__).parents[1]

HEAD = """\
# Python reference

All public names of `ayla`, the Python client. Written from its docstrings by `make python-docs`; a test holds it
to them. [clients/python/README.md](../clients/python/README.md) is the introduction, [cookbook.md](cookbook.md) has
whole programs, [job-spec.md](job-spec.md) every field of a job.

`AsyncClient` has the same resources and methods as `Client`: there they are awaited, lists and events are read with
`async for`, and `aclose()` closes it; `AsyncJob`, `AsyncTrial` and the like are its `Job`, `Trial` and so on. Arguments
after `*` are given by name. Where an id is taken, the object itself is taken as well.
"""

SIGNATURE_WIDTH = 100

FIRST = ("ayla.builders", "ayla._sync", "ayla.models", "ayla.tables", "ayla.comparison", "ayla.sweeps")
"""Modules whose names come first, in this order; those of errors come last."""

Described: TypeAlias = Any
"""A module, class or function as griffe has read it; names that are imported are aliases of where they are defined."""

Names = dict[str, Described]


def page() -> str:
    """The whole page."""
    package = griffe.load("ayla", search_paths=[SOURCES], docstring_parser="google")
    parts = [("Client", _client(package)), *_resources(package), _notebooks(package), *_modules(package)]
    contents = "\n".join(f"- [{title}](#{anchor(title)})" for title, _ in parts)
    body = "\n".join(f"## {title}\n\n{text}" for title, text in parts)
    return f"{HEAD}\n{contents}\n\n{body}".rstrip("\n") + "\n"


def anchor(title: str) -> str:
    """The anchor that Markdown gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def public_resources() -> dict[str, type]:
    """The resources of a client by the name of its attribute."""
    with ayla.Client("http://127.0.0.1:1") as client:
        named = {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}
    return {
        name: type(value)
        for name, value in named.items()
        if type(value).__module__.startswith("ayla._sync.")
        and hasattr(value, "_transport")
        and "Raw" not in str(type(value))
    }


def _client(package: Described) -> str:
    client = package["Client"]
    return "\n".join(_class("Client", client, heading=""))


def _resources(package: Described) -> Iterator[tuple[str, str]]:
    for name, kind in public_resources().items():
        described = package[f"{kind.__module__}.{kind.__name__}".removeprefix("ayla.")]
        yield f"client.{name}", "\n".join([*_text(described), *_methods(described, f"client.{name}.")])


def _notebooks(package: Described) -> tuple[str, str]:
    return "In notebooks", "\n".join(_text(package["notebook"]))


def _modules(package: Described) -> Iterator[tuple[str, str]]:
    """The public names by the modules that define them, under what these are."""
    groups: dict[str, Names] = defaultdict(dict)
    for name in sorted(described_names(), key=str.lower):
        found = package[name]
        if found.is_module:
            groups[found.canonical_path] |= {f"{name}.{part}": found[part] for part in found.exports or ()}
        else:
            groups[found.module.canonical_path][name] = found
    titled: dict[str, list[str]] = defaultdict(list)
    for module in sorted(groups, key=_place):
        words = _text(package[module.removeprefix("ayla.")])
        titled[_title(module)] += [*words, *_entries(groups[module])]
    return ((title, "\n".join(lines)) for title, lines in titled.items())


def described_names() -> set[str]:
    """The public names that the page has beside ``Client``; those of ``AsyncClient`` have nothing to add."""
    return {
        name
        for name in ayla.__all__
        if not name.startswith(("Async", "_"))
        and name != "Client"
        and (callable(getattr(ayla, name)) or isinstance(getattr(ayla, name), ModuleType))
    }


def _title(module: str) -> str:
    """Of ``ayla.builders.axes`` "Builders: axes"."""
    name = re.sub(r"^(models\.contract|models|_sync)\.", "answers.", module.removeprefix("ayla."))
    words = name.replace("_", " ").strip().replace(".", ": ")
    return words[:1].upper() + words[1:]


def _place(module: str) -> tuple[int, str, str]:
    if module == "ayla.errors":
        return len(FIRST) + 1, "", module
    return (
        next((place for place, first in enumerate(FIRST) if module.startswith(first)), len(FIRST)),
        _title(module),
        module,
    )


def _entries(names: Names) -> Iterator[str]:
    for name, found in names.items():
        yield from _function(f"ayla.{name}", found) if found.is_function else _class(name, found)


def _class(name: str, found: Described, heading: str | None = None) -> Iterator[str]:
    if heading is None:
        yield f"### ayla.{name}\n"
    if "__init__" in found.members and not _is_error(found):
        yield from _signature(f"ayla.{name}", found.members["__init__"], without_self=True)
    yield from _described(found, fields=_fields(found))
    yield from _methods(found, "")


def _methods(found: Described, prefix: str) -> Iterator[str]:
    for name, member in found.all_members.items():
        if not name.startswith("_") and member.is_function and _is_ours(member) and member.docstring:
            yield from _function(f"{prefix}{name}", member, level="####" if not prefix else "###")


def _function(title: str, found: Described, level: str = "###") -> Iterator[str]:
    yield f"{level} {title}\n"
    yield from _signature(title, found)
    yield from _described(found)


def _signature(title: str, found: Described, *, without_self: bool = False) -> Iterator[str]:
    """The call, on one line or with a line for each argument."""
    whole = found.signature(name=title, return_type=True)
    if without_self:
        whole = whole.removesuffix(" -> None")
    lines = [whole]
    if len(whole) > SIGNATURE_WIDTH:
        opening, _, closing = whole.partition("(")
        arguments, _, result = closing.rpartition(")")
        lines = [f"{opening}(", *(f"    {one}," for one in _split(arguments)), f"){result}"]
    yield "\n".join(f"    {line}" for line in lines) + "\n"


def _split(arguments: str) -> list[str]:
    """The arguments, at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in arguments:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _described(found: Described, fields: dict[str, str] | None = None) -> Iterator[str]:
    """The docstring; fields that it does not name are listed with those that it does."""
    told = dict(fields or {})
    for section in found.docstring.parsed if found.docstring else []:
        match section.kind:
            case griffe.DocstringSectionKind.text:
                yield _words(section.value) + "\n"
            case griffe.DocstringSectionKind.attributes:
                told |= {one.name: one.description for one in section.value}
            case griffe.DocstringSectionKind.parameters:
                yield _list("Arguments", ((one.name, one.description) for one in section.value))
            case griffe.DocstringSectionKind.raises:
                yield _list("Errors", ((str(one.annotation), one.description) for one in section.value))
            case griffe.DocstringSectionKind.returns | griffe.DocstringSectionKind.yields:
                yield "Returns: " + " ".join(_words(one.description) for one in section.value) + "\n"
            case _:
                yield _words(str(section.value)) + "\n"
    if told:
        yield _list("Attributes", ((_typed(found, name), words) for name, words in told.items()))


def _typed(found: Described, name: str) -> str:
    """An attribute with its type, where the source has one."""
    member = found.all_members.get(name)
    annotation = getattr(member, "annotation", None)
    return name if annotation is None else f"{name}: {annotation}"


def _fields(found: Described) -> dict[str, str]:
    """Names of the attributes, with what the docstrings of properties and of base classes say of them."""
    told: dict[str, str] = {}
    for base in reversed(found.mro() if found.is_class else []):
        told |= _attributes_of(base)
    for name, member in found.all_members.items():
        if name.startswith("_") or not member.is_attribute or name == "model_config" or not _is_ours(member):
            continue
        if "property" in member.labels or name not in told:
            told[name] = member.docstring.value.partition("\n\n")[0] if member.docstring else told.get(name, "")
    return told


def _attributes_of(found: Described) -> dict[str, str]:
    sections = found.docstring.parsed if found.docstring else []
    return {
        one.name: one.description
        for section in sections
        if section.kind is griffe.DocstringSectionKind.attributes
        for one in section.value
    }


def _list(title: str, named: Iterable[tuple[str, str]]) -> str:
    entries = "\n".join(f"- `{name}`{': ' if words else ''}{_words(words, join=True)}" for name, words in named)
    return f"{title}:\n\n{entries}\n"


def _text(found: Described) -> list[str]:
    """The paragraphs of a docstring's text, each with an empty line behind it but the first."""
    if not found.docstring:
        return [""]
    first, _, rest = found.docstring.value.partition("\n\n")
    return [_words(first, join=True), *([f"\n{_words(rest)}\n"] if rest else [""])]


def _words(text: str, *, join: bool = False) -> str:
    """As Markdown: code in single quotes."""
    marked = re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL)
    return " ".join(marked.split()) if join else marked


def _is_ours(member: Described) -> bool:
    return str(member.canonical_path).startswith("ayla.")


def _is_error(found: Described) -> bool:
    return str(found.module.canonical_path) == "ayla.errors"


if __name__ == "__main__":
    sys.stdout.write(page())
