"""Groups of commands, one for each noun, and how their help looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup

Command: TypeAlias = Callable[..., None]
Named: TypeAlias = Command | tuple[str, Command]
"""A command under its own name, or under the one before it."""


class PlainCommand(TyperCommand):
    """A command whose help shows no type of a switch: it has no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Options and arguments."""
        return _without_types_of_switches(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group likewise."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Options and arguments."""
        return _without_types_of_switches(super().get_params(ctx))


def group(name: str, told: str, commands: Sequence[Named], *, default: Command | None = None) -> typer.Typer:
    """A group of commands.

    Args:
        name: the noun.
        told: what the group is for, a sentence.
        commands: what it has.
        default: what the group does without a command; None: it tells which commands it has.
    """
    made = typer.Typer(
        name=name,
        help=told,
        cls=PlainGroup,
        add_completion=False,
        no_args_is_help=default is None,
        invoke_without_command=default is not None,
    )
    for command in commands:
        called, function = command if isinstance(command, tuple) else (None, command)
        made.command(called, cls=PlainCommand)(function)
    if default is not None:
        made.callback()(default)
    return made


def listing(ls: Command) -> Command:
    """What a group does without a command: it lists what there is."""

    def overview(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            ls(context)

    return overview


def _without_types_of_switches(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters
