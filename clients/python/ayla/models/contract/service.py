"""Answers of the service about the service itself. Generated from openapi.json by `make client`."""

from __future__ import annotations

from ayla.models.base import ResponseModel


class Health(ResponseModel):
    """The process answers."""

    status: str


class Readiness(ResponseModel):
    """The service can do its work.

    Attributes:
        checks: what each check says: 'ok', or what is missing.
        status: degraded: the service takes jobs, but something is missing (ready or degraded).
    """

    checks: dict[str, str]
    status: str
