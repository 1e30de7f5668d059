# Generated from ayla/_async/table_source.py by `make client`; changes belong there.
"""Tables as the service sends them: by Arrow where that can be read, else by JSON."""

from __future__ import annotations

from ayla._responses import json_of
from ayla._sync.transport import Transport
from ayla._transport import Params
from ayla.tables import ARROW, Table, reads_arrow, table_from_arrow, table_from_json


def fetch_table(transport: Transport, path: str, asked: Params) -> Table:
    """The table at a path."""
    if reads_arrow():
        return table_from_arrow((transport.get(path, asked, accept=ARROW)).content)
    return table_from_json(json_of(transport.get(path, asked)))
