"""A comparison as a table for a paper, as the service writes it; nothing is written here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from ayla._responses import text_of
from ayla.errors import AylaError
from ayla.models.base import Linked

if TYPE_CHECKING:
    import httpx2

MEDIA_TYPES = {"markdown": "text/markdown", "latex": "application/x-tex", "csv": "text/csv"}
"""By the name of the format."""

_NO_SOURCE = "This comparison did not come from a client; ask one with compare() for it again."


@dataclass(frozen=True)
class TableSource:
    """Asks the service for the same comparison as a text. Comparisons with equal numbers are equal, whatever it is.

    Attributes:
        fetch: the answer in a media type; None where the comparison did not come from a client.
    """

    fetch: Callable[[str], httpx2.Response] | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[type[TableSource], tuple[()]]:
        """Connections stay where they are: a copy in another process has no source."""
        return TableSource, ()

    def text(self, form: str) -> str:
        """The comparison in a format.

        Raises:
            AylaError: it did not come from a client.
        """
        if self.fetch is None:
            raise AylaError(_NO_SOURCE)
        media_type = MEDIA_TYPES[form]
        return text_of(self.fetch(media_type), media_type)


@dataclass(frozen=True)
class AsyncTableSource:
    """Asks the service for the same comparison as a text, as ``TableSource`` does.

    Attributes:
        fetch: the answer in a media type; None where the comparison did not come from a client.
    """

    fetch: Callable[[str], Awaitable[httpx2.Response]] | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[type[AsyncTableSource], tuple[()]]:
        """Connections stay where they are: a copy in another process has no source."""
        return AsyncTableSource, ()

    async def text(self, form: str) -> str:
        """The comparison in a format.

        Raises:
            AylaError: it did not come from a client.
        """
        if self.fetch is None:
            raise AylaError(_NO_SOURCE)
        media_type = MEDIA_TYPES[form]
        return text_of(await self.fetch(media_type), media_type)


class AsyncWithTables(Linked):
    """What the service also writes as tables, of an ``AsyncClient``; see ``WithTables``."""

    _source: AsyncTableSource = PrivateAttr(default_factory=AsyncTableSource)

    async def to_markdown(self) -> str:
        """Tables of the optimizers or arms and of the pairs, with notes and verdicts, as Markdown.

        Raises:
            AylaError: the comparison did not come from a client, or the service cannot be asked again.
        """
        return await self._source.text("markdown")

    async def to_latex(self) -> str:
        """The same as LaTeX with ``booktabs``: ASCII, one ``table`` after the other, the verdicts as comments.

        Raises:
            AylaError: likewise.
        """
        return await self._source.text("latex")

    async def to_csv(self) -> str:
        """One CSV table with every digit; ``row`` says what a line is. Infinite is inf, what does not apply empty.

        Raises:
            AylaError: likewise.
        """
        return await self._source.text("csv")


class WithTables(Linked):
    """What the service also writes as tables. It is asked again, so the tables are of the results by then."""

    _source: TableSource = PrivateAttr(default_factory=TableSource)

    def to_markdown(self) -> str:
        """Tables of the optimizers or arms and of the pairs, with notes and verdicts, as Markdown.

        Raises:
            AylaError: the comparison did not come from a client, or the service cannot be asked again.
        """
        return self._source.text("markdown")

    def to_latex(self) -> str:
        """The same as LaTeX with ``booktabs``: ASCII, one ``table`` after the other, the verdicts as comments.

        Raises:
            AylaError: likewise.
        """
        return self._source.text("latex")

    def to_csv(self) -> str:
        """One CSV table with every digit; ``row`` says what a line is. Infinite is inf, what does not apply empty.

        Raises:
            AylaError: likewise.
        """
        return self._source.text("csv")
