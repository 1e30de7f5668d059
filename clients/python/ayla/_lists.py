"""Lists of what the service has, which show themselves in a notebook."""

from __future__ import annotations

from typing import SupportsIndex, TypeVar, overload

from ayla._shown import Shown

T = TypeVar("T")


class Listed(Shown, list[T]):
    """A list; in a notebook a table of its first items."""

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> T: ...

    @overload
    def __getitem__(self, place: slice, /) -> Listed[T]: ...

    def __getitem__(self, place: SupportsIndex | slice, /) -> T | Listed[T]:
        """An item; of a slice again a list that shows itself."""
        if isinstance(place, slice):
            return Listed(super().__getitem__(place))
        return super().__getitem__(place)
