"""The base of bodies that change some of a thing and leave the rest as it is."""

from typing import Any

from ayla_spec.model import SpecModel
from pydantic import ConfigDict


def without_default(field: dict[str, Any]) -> None:
    """Take the default out of the JSON schema of a field that has one for the code only."""
    field.pop("default", None)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        without_default(field)


class Change(SpecModel):
    """A change, in which a field that is left out is none.

    The defaults of its fields are never used, so the contract does not tell them: a client that was generated from it
    would send them, and so change what its user did not name.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.model_dump(include=self.model_fields_set)
