"""The ``ayla`` command. It needs the extra ``cli``; the library does not."""

import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command; without its packages say which to install."""
    try:
        from ayla.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich", "tomlkit", "yaml", "yamlcore"}:
            raise
        sys.exit(f"The ayla command needs {error.name}, which is not installed: pip install './clients/python[cli]'")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)  # before there was anything to interrupt
    try:
        app()
    except OSError as error:
        # What is still buffered cannot be written either, and Python would say so once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(f"Error: {error.filename or 'The output'}: {error.strerror or error}")
