"""Paging: query parameter and header of all lists that come in pages."""

from typing import Any

from fastapi import Query

CURSOR: Any = Query(description="next_cursor of the page before; leave out for the first page.", max_length=500)

NEXT: dict[str, Any] = {
    "Link": {"description": 'The next page, rel="next"; absent on the last.', "schema": {"type": "string"}}
}
