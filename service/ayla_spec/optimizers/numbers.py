"""The kinds of numbers that settings are made of."""

from typing import Annotated

from pydantic import Field

PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
DecayRate = Annotated[float, Field(ge=0, lt=1)]
Exponent = Annotated[float, Field(gt=0, le=100)]
