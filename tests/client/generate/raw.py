"""The calls of ``with_raw_response``: one for each that is answered by one request, with the types of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

_HEAD = '''"""Every call with its raw response beside it. Generated from the resources by `make client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ayla._async.raw_calls import raw, raw_pages

if TYPE_CHECKING:
    from ayla._async.client import AsyncClient
'''

# Streams, and what is asked for later or in many requests: there is no one response.
_WITHOUT = {"events", "wait", "sensitivity", "heatmap", "ids_beginning", "download"}


def text(folder: Path) -> str:
    """The module of ``ayla._async``."""
    classes = {
        node.name: node
        for path in sorted(folder.glob("*.py"))
        if path.name != "raw.py"
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    resources = [*_resources(classes["AsyncClient"])]
    bodies = ["\n".join(_class(name, kind, classes)) for name, kind in resources]
    return "\n\n".join([_HEAD, *bodies, "\n".join(_client(resources))]) + "\n"


def _resources(client: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Attribute and class of each resource of a client."""
    (connect,) = [node for node in client.body if isinstance(node, ast.FunctionDef) and node.name == "_connect"]
    for node in connect.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            (target,) = node.targets
            assert isinstance(target, ast.Attribute)
            assert isinstance(node.value.func, ast.Name)
            yield target.attr, node.value.func.id


def _class(name: str, kind: str, classes: dict[str, ast.ClassDef]) -> Iterator[str]:
    yield f"class AsyncRaw{kind.removeprefix('Async')}:"
    yield f'    """Calls of ``client.{name}``."""\n'
    yield "    def __init__(self, client: AsyncClient) -> None:"
    for method, pages in dict(sorted(_methods(kind, classes))).items():
        yield f"        self.{method} = {'raw_pages' if pages else 'raw'}(client.{name}.{method})"


def _methods(kind: str, classes: dict[str, ast.ClassDef]) -> Iterator[tuple[str, bool]]:
    """The public methods of a class and of those it is made of, and whether each gives a list page by page."""
    if kind not in classes:
        return
    for base in classes[kind].bases:
        yield from _methods(ast.unparse(base), classes)
    for node in classes[kind].body:
        if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        if not node.name.startswith("_") and node.name not in _WITHOUT:
            yield node.name, isinstance(node, ast.FunctionDef)


def _client(resources: list[tuple[str, str]]) -> Iterator[str]:
    yield 'class AsyncRawClient:\n    """A client whose calls give the raw response, with what was read from it."""\n'
    yield "    def __init__(self, client: AsyncClient) -> None:"
    for name, kind in resources:
        yield f"        self.{name} = AsyncRaw{kind.removeprefix('Async')}(client)"
    yield "        self.compare = raw(client.compare)"
    yield "        self.figure = raw(client.figure)"
