"""What the schemas of every subject share: numbers that JSON can carry, partial changes, pages."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from ayla_spec.model import SpecModel
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from ayla_service.db.lookup import as_stored


def finite_or_none(value: float | None) -> float | None:
    """``value``, or None if it is NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


class FrozenModel(BaseModel):
    """Base of what the API answers with: made once, from rows of the store or by a computation, and then only read."""

    model_config = ConfigDict(frozen=True)


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


Finite = Annotated[float | None, BeforeValidator(finite_or_none)]


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; ``next_cursor`` asks for the next, None on the last."""

    items: list[Item]
    next_cursor: str | None


Id = Annotated[str, AfterValidator(as_stored)]
"""An id in a path, a query or a body; a text that is none stays as it is, and nothing is found by it."""
