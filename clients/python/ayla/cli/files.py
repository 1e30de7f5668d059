"""Files that commands write."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ayla.cli.session import Session
from ayla.cli.specfile import STDIN

STANDARD_OUTPUT = STDIN
"""The same sign: a dash."""


def write_bytes(session: Session, content: bytes | Iterable[bytes], output: str) -> None:
    """Write to a file and say so, or to standard output.

    Args:
        session: of the command.
        content: all of it, or its pieces in their order.
        output: a path, or ``-``.
    """
    pieces = [content] if isinstance(content, bytes) else content
    if output == STANDARD_OUTPUT:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with Path(output).open("wb") as file:
        for piece in pieces:
            file.write(piece)
    session.say(f"Written: {output}")
