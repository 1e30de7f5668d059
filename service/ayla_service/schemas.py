"""Shared parts of the schemas of all subjects: frozen answers, numbers that JSON can carry, partial changes, pages."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from ayla_spec.model import SpecModel
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from ayla_service.db.lookup import as_stored


def finite_or_none(value: float | None) -> float | None:
    """``value``, or None if it is NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


class FrozenModel(BaseModel):
    """Base class of answers of the API: made once, from rows of the store or by a computation, and then only read."""

    model_config = ConfigDict(frozen=True)


def without_default(field: dict[str, Any]) -> None:
    """Take the default out of the JSON schema of a field that has one for the code only."""
    field.pop("default", None)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        without_default(field)


class Change(SpecModel):
    """Base class of partial changes, in which a field that is left out stays as it is.

    The defaults of its fields are never used, so the contract does not tell them: a client that was generated from it
    would send them, and so change what its user did not name.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def changes(self) -> dict[str, Any]:
        """The fields that were given."""
        return self.model_dump(include=self.model_fields_set)


Finite = Annotated[float | None, BeforeValidator(finite_or_none)]
"""A number; NaN and infinity become None, as JSON has no name for them."""

FiniteInJson = Annotated[float | None, PlainSerializer(finite_or_none, return_type=float | None, when_used="json")]
"""A number that can be infinite or NaN in Python; in JSON it is null then."""


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; ``next_cursor`` asks for the next, None on the last."""

    items: list[Item]
    next_cursor: str | None


Id = Annotated[str, AfterValidator(as_stored)]
"""An id in a path, a query or a body; a text that is none stays as it is, and nothing is found by it."""
