# Generated from ayla/_async/raw_calls.py by `make client`; changes belong there.
"""Calls that give their raw response."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from ayla._sync.pages import Pages
from ayla.errors import APIResponseError
from ayla.raw_response import RawResponse, answers

P = ParamSpec("P")
T = TypeVar("T")


def raw(method: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    """The call with its raw response."""

    def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[T]:
        with answers() as seen:
            try:
                found: T | APIResponseError = method(*args, **kwargs)
            except APIResponseError as error:
                found = error
        return RawResponse(seen[-1], found)

    return call


def raw_pages(
    method: Callable[P, Iterator[T]],
) -> Callable[P, RawResponse[Iterator[T]]]:
    """The call for a list with the raw response of its first page."""

    def call(*args: P.args, **kwargs: P.kwargs) -> RawResponse[Iterator[T]]:
        listed = method(*args, **kwargs)
        with answers() as seen:
            if isinstance(listed, Pages):
                listed.fetch()
        if not seen:
            raise TypeError("This list is put together from several; it has no one response.")
        return RawResponse(seen[-1], listed)

    return call
