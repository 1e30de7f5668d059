"""Answers of the health checks."""

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel, frozen=True):
    """The process answers."""

    status: str = Field(examples=["ok"])


class Readiness(BaseModel, frozen=True):
    """The service can do its work."""

    status: Literal["ready", "degraded"] = Field(
        description="Degraded: the service takes jobs, but something is missing."
    )
    checks: dict[str, str] = Field(
        description="What each check says: 'ok', or what is missing.",
        examples=[{"store": "ok", "schema": "ok", "workers": "ok", "disk": "ok"}],
    )
