"""The workers of a service: like each resource, in a module of its own."""

from __future__ import annotations

from typing import TypeAlias

from ayla._responses import pages
from ayla._transport import Transport
from ayla.models import Worker

WorkerList: TypeAlias = list[Worker]


class Workers:
    """The workers of a service."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> WorkerList:
        """Every worker, in the order in which they started; stopped and lost ones stay listed for a day."""
        return [*pages(self._transport, "/v1/workers", {}, Worker)]
