"""What shows itself in a notebook; how is in ``ayla.notebook``, which is imported when something is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Printer(Protocol):
        """IPython's printer of text."""

        def text(self, said: str, /) -> object:
            """Print a text."""


class Shown:
    """Something that a notebook shows as HTML, and as the text of ``print`` where it shows none."""

    def _repr_html_(self) -> str:
        from ayla.notebook import html_of

        return html_of(self)

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: ARG002, FBT001  # as IPython calls it
        from ayla.notebook import text_of

        printer.text(text_of(self))
