"""The base of every model in a job spec."""

from pydantic import BaseModel, ConfigDict


class SpecModel(BaseModel):
    """Refuses unknown fields, coercions ("50" is not 50) and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
