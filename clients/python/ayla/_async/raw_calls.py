"""Calls that give their raw response."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import ParamSpec, TypeVar

from ayla._async.pages import AsyncPages
from ayla.errors import APIResponseError
from ayla.raw_response import RawResponse, answers

P = ParamSpec("P")
T = TypeVar("T")


def raw(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    """The call with its raw response."""

    async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with answers() as seen:
            try:
                found: T | APIResponseError = await method(*args, **kwargs)
            except APIResponseError as error:
                found = error
        return RawResponse(seen[-1], found)

    return call


def raw_pages(
    method: Callable[P, AsyncIterator[T]],
) -> Callable[P, Awaitable[RawResponse[AsyncIterator[T]]]]:
    """The call for a list with the raw response of its first page."""

    async def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[AsyncIterator[T]]:
        listed = method(*args, **kwargs)
        with answers() as seen:
            if isinstance(listed, AsyncPages):
                await listed.fetch()
        if not seen:
            raise TypeError("This list is put together from several; it has no one response.")
        return RawResponse(seen[-1], listed)

    return call
