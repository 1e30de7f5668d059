"""A figure of the service as a file's bytes."""

from __future__ import annotations

from pathlib import Path

from ayla._shown import Shown


class Figure(Shown, bytes):
    """A figure as the service has drawn it: the bytes of its file. A notebook shows it.

    Attributes:
        format: "png", "svg", "pdf", or "" of anything else.
    """

    @property
    def format(self) -> str:
        """What its bytes are."""
        if self.startswith(b"\x89PNG"):
            return "png"
        if self.startswith(b"%PDF"):
            return "pdf"
        return "svg" if b"<svg" in self[:1000] else ""

    def save(self, path: str | Path) -> Path:
        """Write it to a file, whose ending is up to you."""
        file = Path(path)
        file.write_bytes(self)
        return file

    def __repr__(self) -> str:
        return f"<{self.format.upper() or 'unknown'} figure of {len(self)} bytes; save() writes it>"

    __str__ = __repr__
