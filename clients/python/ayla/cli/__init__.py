"""The ``ayla`` command. It needs the extra ``cli``; the library does not."""

import sys


def main() -> None:
    """Run the command; without its packages say which to install."""
    try:
        from ayla.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich", "yaml"}:
            raise
        sys.exit(f"The ayla command needs {error.name}, which is not installed: pip install 'ayla-client[cli]'")
    app()
