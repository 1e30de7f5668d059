# Generated from ayla/_async/service.py by `make client`; changes belong there.
"""The service itself: what it offers, and whether it works."""

from __future__ import annotations

from ayla._sync.base import Resource
from ayla.models.contract import Health, Readiness
from ayla.models.jobs import Catalogue


class CatalogueResource(Resource):
    """What the service offers."""

    def get(self) -> Catalogue:
        """The parts that a job can have, the limits of the service, and the JSON schema of a job spec."""
        return self._get(Catalogue, "/v1/catalogue")

    def __call__(self) -> Catalogue:
        """The same as ``get``."""
        return self.get()


class HealthChecks(Resource):
    """Whether the service works."""

    def live(self) -> Health:
        """Whether its process answers."""
        return self._get(Health, "/healthz")

    def ready(self) -> Readiness:
        """Whether it can do its work, and what is missing.

        Raises:
            ServerError: it cannot.
        """
        return self._get(Readiness, "/readyz")
