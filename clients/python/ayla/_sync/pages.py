# Generated from ayla/_async/pages.py by `make client`; changes belong there.
"""Lists, page by page."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import httpx2

from ayla._lists import Listed
from ayla._responses import Page, parse, validated
from ayla._shown import Shown
from ayla._transport import Params
from ayla.models.base import ResponseModel, linked

if TYPE_CHECKING:
    from ayla._sync.client import Client

M = TypeVar("M", bound=ResponseModel)


class Pages(Shown, Iterator[M], Generic[M]):
    """Every item of a list, page after page, at most ``limit``; the next page is fetched when it is needed.

    Raises while it is iterated over:
        APIResponseError: a page, or an item on it, does not have its form.
    """

    def __init__(self, client: Client, path: str, params: Params, item: type[M], *, limit: int | None = None) -> None:
        self._client = client
        self._path = path
        self._params = dict(params)
        self._item = item
        self._left = limit
        self._waiting: deque[tuple[dict[str, Any], httpx2.Response]] = deque()
        self._more = limit is None or limit > 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> M:
        while not self._waiting:
            if not self._more:
                raise StopIteration
            self.fetch()
        data, response = self._waiting.popleft()
        return linked(validated(self._item, data, response), self._client)

    def fetch(self) -> None:
        """Fetch the next page now."""
        response = self._client._transport.get(self._path, self._params)
        page = parse(Page, response)
        self._waiting.extend((data, response) for data in page.data[: self._left])
        if self._left is not None:
            self._left -= len(page.data)
        self._params["cursor"] = page.next_cursor
        self._more = page.next_cursor is not None and (self._left is None or self._left > 0)

    def collect(self) -> Listed[M]:
        """All of them, as a list."""
        return Listed([item for item in self])

    def ahead(self, count: int) -> list[M]:
        """The next ``count`` items, or as many as there are; they are still to come."""
        while len(self._waiting) < count and self._more:
            self.fetch()
        return self.fetched(count)

    def fetched(self, count: int) -> list[M]:
        """Those of the next ``count`` items that were fetched already; they are still to come."""
        waiting = itertools.islice(self._waiting, count)
        return [linked(validated(self._item, data, response), self._client) for data, response in waiting]
