"""Files that commands write."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import typer

from ayla.cli.errors import ExitCode
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


def require_writable(session: Session, folder: Path) -> None:
    """Make the folder and check that it can be written to, before hours of computing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        session.say(f"Error: Cannot write the report into {folder}: {error.strerror}. Choose another with --output.")
        raise typer.Exit(ExitCode.USAGE) from None
