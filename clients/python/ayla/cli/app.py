"""The ``ayla`` command with its subcommands, common options and error handling."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ayla._address import DEFAULT_BASE_URL
from ayla._client import default_base_url
from ayla._version import __version__
from ayla.cli import jobs, queue, sweeps
from ayla.cli.attempts import attempts
from ayla.cli.compare import compare
from ayla.cli.dashboard import open_dashboard
from ayla.cli.errors import ExitCode, exit_code, explanation
from ayla.cli.reproduce import reproduce
from ayla.cli.session import Session, session_of, write
from ayla.cli.trials import metrics, trajectory
from ayla.cli.workers import workers
from ayla.errors import AylaError


class _Commands(TyperGroup):
    """Turns the client's errors into a message and an exit code, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except AylaError as error:
            session = session_of(ctx)
            session.say(explanation(error, session.base_url or default_base_url()))
            raise typer.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _write_version(wanted: bool) -> None:  # noqa: FBT001 - the option's callback
    if wanted:
        write(f"ayla {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    base_url: Annotated[str | None, typer.Option(help=f"AYLA_BASE_URL, else {DEFAULT_BASE_URL}.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Default: AYLA_API_KEY, else none.")] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_write_version, is_eager=True, help="Write the version and end.")
    ] = False,
) -> None:
    """Submit, follow and compare optimizer runs on an AYLA service.

    Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 error, 2 usage, 3 not found,
    4 API key refused, 5 service unreachable, 6 job failed, 7 job cancelled, 124 watching timed out, 130 interrupted.
    """
    session = context.ensure_object(Session)
    session.base_url, session.api_key = base_url or session.base_url, api_key or session.api_key


app.command()(jobs.submit)
app.command()(jobs.ls)
app.command()(jobs.show)
app.command()(jobs.watch)
app.command("open")(open_dashboard)
app.command()(compare)
app.command()(sweeps.best)
app.command()(sweeps.sensitivity)
app.command()(sweeps.heatmap)
app.command()(jobs.cancel)
app.command()(queue.pause)
app.command()(queue.resume)
app.command()(queue.priority)
app.command()(attempts)
app.command()(workers)
app.command()(trajectory)
app.command()(metrics)
app.command()(reproduce)
