"""Workers: which there are, and what they run."""

from __future__ import annotations

from typing import TypeAlias

from ayla._paging import pages
from ayla._transport import Transport
from ayla.models import Worker

WorkerList: TypeAlias = list[Worker]


class Workers:
    """The workers of a service."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> WorkerList:
        """Every worker, in the order in which they started; one that has stopped or was lost is told for a day."""
        return [*pages(self._transport, "/v1/workers", {}, Worker)]
