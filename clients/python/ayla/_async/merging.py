"""Several lists as one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def merged(lists: Sequence[AsyncIterator[T]], key: Callable[[T], str]) -> AsyncIterator[T]:
    """The items of lists that are in descending order of a key, in that order; each list is read as it is needed."""
    heads = [(await anext(one, None), one) for one in lists]
    while found := [(head, one) for head, one in heads if head is not None]:
        head, source = max(found, key=lambda pair: key(pair[0]))
        yield head
        heads = [(await anext(one, None) if one is source else front, one) for front, one in found]
