"""The ``ayla`` command with its subcommands, common options and error handling."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ayla._address import DEFAULT_BASE_URL
from ayla._version import __version__
from ayla.cli import completion
from ayla.cli.dashboard import open_dashboard
from ayla.cli.errors import ExitCode, exit_code, explanation
from ayla.cli.groups import PlainCommand, PlainGroup
from ayla.cli.nouns import NOUNS, RESULTS, SETUP, SHORT_FORMS, noun
from ayla.cli.output import write
from ayla.cli.session import Session, session_of
from ayla.errors import AylaError


class _Commands(PlainGroup):
    """The short forms, and a group for each noun, whose module is imported when it is needed.

    Turns the client's errors into a message and an exit code, never a traceback.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # Typer's own
        """The names of the commands, panel after panel."""
        made: dict[str, Any] = {**self.commands}
        short = [name for name in made if name not in NOUNS]
        setup = [name for name in short if made[name].rich_help_panel == SETUP]
        return [*(name for name in short if name not in setup), *NOUNS, *setup]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None where there is none."""
        if cmd_name in NOUNS and cmd_name not in self.commands:
            self.commands[cmd_name] = noun(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant; of an unknown one the error names those that are written alike."""
        if args and self.get_command(ctx, args[0]) is None:
            for name in NOUNS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except AylaError as error:
            session = session_of(ctx)
            session.say(explanation(error, session.address))
            raise typer.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 API key refused, 5 service unreachable, 6 job failed, "
    "7 job cancelled, 124 watching timed out, 130 interrupted. Tab completes ids and names after "
    "'ayla --install-completion'.",
)


def _write_version(wanted: bool) -> None:  # noqa: FBT001 - the option's callback
    if wanted:
        write(f"ayla {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help=f"Of the service. Default: AYLA_BASE_URL, the profile, {DEFAULT_BASE_URL}."),
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Default: AYLA_API_KEY, the profile, else none.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Take both from this profile; 'ayla config' makes profiles. Default: AYLA_PROFILE.",
            autocompletion=completion.profiles,
        ),
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_write_version, is_eager=True, help="Write the version and end.")
    ] = False,
) -> None:
    """Submit, follow and compare optimizer runs on an AYLA service.

    Begin with 'ayla submit --preset poly-sgd --watch'. Data goes to standard output, everything else to standard error.
    """
    session = context.ensure_object(Session)
    session.base_url, session.api_key = base_url or session.base_url, api_key or session.api_key
    session.profile = profile or session.profile


for _panel, _commands in SHORT_FORMS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel, cls=PlainCommand)(_command)
app.command("open", rich_help_panel=RESULTS, cls=PlainCommand)(open_dashboard)
