"""The reference of the command line is what the help texts say, and has every command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.docs.cli_page import inner_commands, page, root_command

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_committed_page_is_what_the_help_texts_say() -> None:
    assert PAGE.read_text() == page(), "the command has changed: make cli-reference"


def test_every_command_argument_and_option_has_a_help_text() -> None:
    """A sentence each: they are read one by one."""
    lacking = [
        f"{command.name} {parameter.name}"
        for command in commands(root_command())
        for parameter in command.params
        if not getattr(parameter, "help", None) and not getattr(parameter, "hidden", False)
    ]
    assert lacking == []
    assert [command.name for command in commands(root_command()) if not (command.help or "").strip()] == []


def commands(command: Any) -> Iterator[Any]:
    """A command and all below it."""
    yield command
    for inner in inner_commands(command):
        yield from commands(inner)
