"""What every list that comes in pages declares."""

from typing import Any

from fastapi import Query

CURSOR: Any = Query(description="next_cursor of the page before; leave out for the first page.", max_length=500)

NEXT: dict[str, Any] = {
    "Link": {"description": 'The next page, rel="next"; absent on the last.', "schema": {"type": "string"}}
}
