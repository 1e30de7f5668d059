"""Schemas as they are published: as linters and generators of clients want them, and no less exact than pydantic's."""

from collections.abc import Iterator
from typing import Any

_REFERENCE = "#/components/schemas/"

Schema = dict[str, Any]


def publish(document: Schema) -> None:
    """Change the schemas of a contract, in place."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    for part in list(_objects(document)):
        if "discriminator" in part:
            _demand(part["discriminator"], schemas)
        if "prefixItems" in part:
            part.setdefault("items", _any_of(part["prefixItems"]))
    for part in list(_objects(document)):
        _refer(part, schemas)


def _objects(part: Any) -> Iterator[Schema]:
    """Every JSON object in this part, itself first."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _objects(inner)


def _demand(discriminator: Schema, schemas: dict[str, Schema]) -> None:
    """Require of each member of a union what tells it apart.

    Pydantic has it optional, as a class has its name in Python; in a union a request without it is refused.
    """
    name = discriminator["propertyName"]
    for reference in discriminator["mapping"].values():
        member = schemas[reference.removeprefix(_REFERENCE)]
        member["properties"][name].pop("default", None)
        member["required"] = list(dict.fromkeys([name, *member.get("required", ())]))


def _any_of(kinds: list[Schema]) -> Schema:
    """What each element of a tuple is. Linters ask for ``items`` even of arrays that no element can be added to."""
    different = [kind for index, kind in enumerate(kinds) if kind not in kinds[:index]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _refer(part: Schema, schemas: dict[str, Schema]) -> None:
    """Replace schemas in this part that are those of a component by references, so that clients have one type."""
    for name, value in part.items():
        if part is not schemas and _is_component(value, schemas):
            part[name] = {"$ref": _REFERENCE + value["title"]}
        elif isinstance(value, list):
            part[name] = [{"$ref": _REFERENCE + one["title"]} if _is_component(one, schemas) else one for one in value]


def _is_component(value: Any, schemas: dict[str, Schema]) -> bool:
    title = value.get("title") if isinstance(value, dict) else None
    return isinstance(title, str) and schemas.get(title) == value
