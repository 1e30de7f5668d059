"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from ayla._transport import Params, Transport, parse
from ayla.models import Model

M = TypeVar("M", bound=Model)


class _Page(Model):
    data: tuple[dict[str, Any], ...]
    next_cursor: str | None = None


def pages(transport: Transport, path: str, params: Params, item: type[M], *, limit: int | None = None) -> Iterator[M]:
    """Every item of a list, page after page, at most ``limit``; the next page is fetched when it is needed."""
    left = limit
    cursor: str | None = None
    while left is None or left > 0:
        page = parse(_Page, transport.get(path, {**params, "cursor": cursor}))
        for data in page.data[:left]:
            yield item.model_validate(data)
        left = None if left is None else left - len(page.data)
        cursor = page.next_cursor
        if cursor is None:
            return
