"""The base of every model in a job spec, and the kinds of numbers that settings are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
DecayRate = Annotated[float, Field(ge=0, lt=1)]
Exponent = Annotated[float, Field(gt=0, le=100)]


class SpecModel(BaseModel):
    """Refuses unknown fields, coercions ("50" is not 50) and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def is_none(value: object) -> bool:
    """Whether a field is left out of what is written: one that came later, so that earlier specs stay as they were."""
    return value is None
