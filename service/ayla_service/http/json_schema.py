"""Locations of validation errors in the JSON schema of a body."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_Node = Mapping[str, Any]
_KEY_MARK = "[key]"  # pydantic's mark for an error in a key rather than in its value

_MAX_TOKEN_LENGTH = 64


@dataclass(frozen=True, slots=True)
class SchemaPath:
    """Location of an error.

    Attributes:
        tokens: names and indices from the root of the document to the field.
        node: schema of the field; empty where the schema knows no such field.
        parent: schema of the object or list that holds it.
    """

    tokens: tuple[str | int, ...]
    node: _Node
    parent: _Node

    @property
    def pointer(self) -> str:
        """JSON pointer to the field; empty for the whole document."""
        return pointer_to(self.tokens)

    @property
    def discriminator(self) -> str:
        """Name of the field that tells the members of a union apart."""
        return str(self.node.get("discriminator", {}).get("propertyName", ""))

    @property
    def tags(self) -> list[str]:
        """Values that this field can have."""
        return list(self.node.get("discriminator", {}).get("mapping", {}))


def locate(location: Sequence[str | int], root: _Node) -> SchemaPath:
    """Strip pydantic's marks (the tag of a union's member, ``[key]``) from ``location`` and find its schema."""
    tokens: list[str | int] = []
    parent: _Node = {}
    node = _plain(root, root)
    for item in location:
        if item == _KEY_MARK and isinstance(parent.get("additionalProperties"), Mapping):
            break
        member = node.get("discriminator", {}).get("mapping", {}).get(item)
        if member is not None:
            node = _plain({"$ref": member}, root)
            continue
        tokens.append(item)
        parent, node = node, _plain(_child(node, item, root), root)
    return SchemaPath(tuple(tokens), node, _whole(parent, root))


def pointer_to(tokens: Iterable[str | int]) -> str:
    """JSON pointer (RFC 6901) of names and indices; names too long to be ours are cut."""
    return "".join(f"/{_escaped(token)}" for token in tokens)


def _escaped(token: str | int) -> str:
    text = str(token)
    shown = text if len(text) <= _MAX_TOKEN_LENGTH else f"{text[:_MAX_TOKEN_LENGTH]}…"
    return shown.replace("~", "~0").replace("/", "~1")


def _child(node: _Node, item: str | int, root: _Node) -> _Node:
    for option in (node, *_options(node, root)):
        if isinstance(item, int):
            child = option.get("items")
        else:
            child = option.get("properties", {}).get(item, option.get("additionalProperties"))
        if isinstance(child, Mapping):
            return child
    return {}


def _options(node: _Node, root: _Node) -> list[_Node]:
    return [_plain(option, root) for option in node.get("anyOf", ())]


def _whole(node: _Node, root: _Node) -> _Node:
    """``node`` with the fields of all objects that it can be."""
    fields: dict[str, Any] = {}
    for option in _options(node, root):
        fields |= option.get("properties", {})
    return {**node, "properties": fields} if fields else node


def _plain(node: _Node, root: _Node) -> _Node:
    """``node`` with its reference followed, and without the null of an optional field."""
    if "$ref" in node:
        name = str(node["$ref"]).removeprefix("#/$defs/")
        return _plain(root["$defs"][name], root)
    options = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
    return _plain(options[0], root) if len(options) == 1 else node
