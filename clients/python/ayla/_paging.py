"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from ayla._transport import Params, Transport, parse, shaped
from ayla.models import Model

M = TypeVar("M", bound=Model)


class _Page(Model):
    data: tuple[dict[str, Any], ...]
    next_cursor: str | None = None


def pages(transport: Transport, path: str, params: Params, item: type[M], *, limit: int | None = None) -> Iterator[M]:
    """Every item of a list, page after page, at most ``limit``; the next page is fetched when it is needed.

    Raises:
        APIResponseError: a page, or an item on it, does not have its form.
    """
    left = limit
    cursor: str | None = None
    while left is None or left > 0:
        response = transport.get(path, {**params, "cursor": cursor})
        page = parse(_Page, response)
        for data in page.data[:left]:
            yield shaped(item, data, response)
        left = None if left is None else left - len(page.data)
        cursor = page.next_cursor
        if cursor is None:
            return
