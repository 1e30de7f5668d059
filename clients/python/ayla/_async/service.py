"""The service itself: what it offers, and whether it works."""

from __future__ import annotations

from ayla._async.base import AsyncResource
from ayla.models.contract import Health, Readiness
from ayla.models.jobs import Catalogue


class AsyncCatalogueResource(AsyncResource):
    """What the service offers."""

    async def get(self) -> Catalogue:
        """The parts that a job can have, the limits of the service, and the JSON schema of a job spec."""
        return await self._get(Catalogue, "/v1/catalogue")

    async def __call__(self) -> Catalogue:
        """The same as ``get``."""
        return await self.get()


class AsyncHealthChecks(AsyncResource):
    """Whether the service works."""

    async def live(self) -> Health:
        """Whether its process answers."""
        return await self._get(Health, "/healthz")

    async def ready(self) -> Readiness:
        """Whether it can do its work, and what is missing.

        Raises:
            ServerError: it cannot.
        """
        return await self._get(Readiness, "/readyz")
