"""Tables as the service sends them: by Arrow where that can be read, else by JSON."""

from __future__ import annotations

from ayla._async.transport import AsyncTransport
from ayla._responses import json_of
from ayla._transport import Params
from ayla.tables import ARROW, Table, reads_arrow, table_from_arrow, table_from_json


async def fetch_table(transport: AsyncTransport, path: str, asked: Params) -> Table:
    """The table at a path."""
    if reads_arrow():
        return table_from_arrow((await transport.get(path, asked, accept=ARROW)).content)
    return table_from_json(json_of(await transport.get(path, asked)))
