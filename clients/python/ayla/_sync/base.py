# Generated from ayla/_async/base.py by `make client`; changes belong there.
"""The base of all resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import httpx2

from ayla._responses import parse
from ayla._sync.pages import Pages
from ayla._transport import Params, new_key
from ayla.models.base import ResponseModel, linked

if TYPE_CHECKING:
    from ayla._sync.client import Client

M = TypeVar("M", bound=ResponseModel)

PER_PAGE = 200


class Resource:
    """Part of a service: what there is of one kind, and what can be done with it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport = client._transport

    def _read(self, model: type[M], response: httpx2.Response) -> M:
        """The answer as a model that acts by this client, where it can act."""
        return linked(parse(model, response), self._client)

    def _get(self, model: type[M], path: str, params: Params | None = None) -> M:
        return self._read(model, self._transport.get(path, params))

    def _post(self, model: type[M], path: str, body: object = None, *, key: str | None = None) -> M:
        """Ask for a change, with a key of this call's own by which the service knows its retries."""
        answer = self._transport.post(path, body, idempotency_key=key or new_key())
        return self._read(model, answer)

    def _pages(
        self, item: type[M], path: str, params: Params | None = None, *, limit: int | None = None, per_page: int | None
    ) -> Pages[M]:
        """A list; ``per_page`` is None where the service has no pages of it."""
        asked = dict(params or {})
        if per_page is not None:
            asked["limit"] = str(per_page if limit is None else max(1, min(limit, per_page)))
        return Pages(self._client, path, asked, item, limit=limit)
