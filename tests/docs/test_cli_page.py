"""The reference of the command line is what the help texts say, and has every command."""

from pathlib import Path

from ayla.cli.app import app
from typer.main import get_command

from tests.docs.cli_page import page

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_committed_page_is_what_the_help_texts_say() -> None:
    assert PAGE.read_text() == page(), "the command has changed: make cli-reference"


def test_every_command_argument_and_option_has_a_help_text() -> None:
    """A sentence each: they are read one by one."""
    lacking = [
        f"{command.name} {parameter.name}"
        for command in commands(get_command(app))
        for parameter in command.params
        if not getattr(parameter, "help", None) and not getattr(parameter, "hidden", False)
    ]
    assert lacking == []
    assert [command.name for command in commands(get_command(app)) if not (command.help or "").strip()] == []


def commands(command):  # type: ignore[no-untyped-def]
    """A command and all below it."""
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from commands(inner)
