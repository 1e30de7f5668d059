"""The ``ayla-service`` command: each sub-command is one kind of process."""

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from ayla_service import __version__
from ayla_service.admin import keys, members, queues, teams
from ayla_service.admin.prune import prune_command
from ayla_service.app import contract_text, create_app
from ayla_service.db.migrate import current
from ayla_service.logging import configure_logging, report_failed_start
from ayla_service.privacy import private_files
from ayla_service.processes.run_command import raise_on_terminate, run_command
from ayla_service.processes.server import serve_until_stopped, stop_with_parent
from ayla_service.processes.several import serve_by_several
from ayla_service.processes.startup import (
    StartError,
    adopt,
    base_url,
    connect,
    environment,
    listen,
    load_settings,
    open_browser,
    open_store,
    require_broker,
    require_keys,
    require_worker,
    variable,
    warn_of_unknown_variables,
)
from ayla_service.processes.supervisor import EmbeddedWakeUp, ProcessSupervisor
from ayla_service.queue.wakeup import make_wake_up
from ayla_service.settings import Settings

_USAGE_ERROR = 2

log = structlog.get_logger("ayla_service.cli")


def _settings_table() -> str:
    """Every setting by its variable, from the settings themselves."""
    lines = ["Settings, from the environment:"]
    width = 2 + max(len(variable(name)) for name in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f" Default: {field.default}."
        lines.append(f"  {variable(name):<{width}}{field.description}{default}")
    return "\b\n" + "\n".join(lines)


app = typer.Typer(
    name="ayla-service",
    help="Optimization as a service: an HTTP API, a queue and a worker that runs optimizers.\n\n"
    "'ayla-service serve' starts all of it on this machine, with nothing else to install or set up.",
    epilog=_settings_table(),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)

Host = Annotated[
    str | None, typer.Option(help="Address to listen on, instead of AYLA_HOST. One that others reach needs API keys.")
]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port, instead of AYLA_PORT; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded store, instead of AYLA_DATA_DIR.")]
Processes = Annotated[
    int | None, typer.Option(min=1, max=64, help="Processes that share the port, instead of AYLA_API_PROCESSES.")
]
Descriptor = Annotated[int | None, typer.Option("--fd", hidden=True)]
ExitWithParent = Annotated[bool, typer.Option("--exit-with-parent", hidden=True)]
Open = Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser of this machine.")]
Keep = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Keep the service after COMMAND has succeeded, until Ctrl-C, and print the address of this page of the "
        "dashboard: / or /jobs.",
    ),
]


def _version_callback(wanted: bool) -> None:  # noqa: FBT001  # the signature that typer calls
    if wanted:
        typer.echo(f"ayla-service {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", callback=_version_callback, is_eager=True, help="Show the version and exit.")


@app.callback()
def options(
    *,
    version: Annotated[bool, _VERSION] = False,  # its callback does the work
) -> None:
    """Options before the sub-command."""


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    *,
    fd: Descriptor = None,
    exit_with_parent: ExitWithParent = False,
    open_page: Open = False,
) -> None:
    """Start the store, the API and a worker.

    One command, everything on this machine; Ctrl-C stops it.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    configure_logging(settings)
    warn_of_unknown_variables()
    require_worker()
    require_broker(settings)
    listener = listen(settings.host, settings.port) if fd is None else adopt(fd)
    database = open_store(settings, migrate=settings.is_embedded)
    require_keys(listener, database)
    if exit_with_parent:
        stop_with_parent()
    _greet(listener, settings)
    if open_page:
        open_browser(base_url(listener))
    with (
        contextlib.closing(make_wake_up(settings.broker_url)) as wake_up,
        ProcessSupervisor(environment(settings), settings.shutdown_seconds) as supervisor,
    ):
        app = create_app(settings, database, EmbeddedWakeUp(wake_up, supervisor))
        serve_until_stopped(app, listener, settings)
    database.dispose()


@app.command()
def api(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    processes: Processes = None,
    *,
    fd: Descriptor = None,
    exit_with_parent: ExitWithParent = False,
) -> None:
    """Start the API only.

    Workers are started apart, and the store is migrated before.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir, api_processes=processes)
    configure_logging(settings)
    if exit_with_parent:
        stop_with_parent()
    else:
        warn_of_unknown_variables()
    require_broker(settings)
    listener = listen(settings.host, settings.port) if fd is None else adopt(fd)
    database = open_store(settings, migrate=False)
    require_keys(listener, database)
    if not exit_with_parent:
        _greet(listener, settings)
    if settings.api_processes > 1:
        database.dispose()
        serve_by_several(listener, settings)
        return
    with contextlib.closing(make_wake_up(settings.broker_url)) as wake_up:
        serve_until_stopped(create_app(settings, database, wake_up), listener, settings)
    database.dispose()


@app.command()
def worker(data_dir: DataDir = None) -> None:
    """Start one worker only.

    It takes work from the store until it is stopped.
    """
    settings = load_settings(data_dir=data_dir)
    require_worker()
    require_broker(settings)
    connect(settings).dispose()
    # In place of this process, so that every signal reaches the worker itself.
    os.execve(sys.executable, [sys.executable, "-m", "ayla_worker"], environment(settings))  # noqa: S606


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the store up to date.

    Runs the migrations that the store lacks and prints the revision it has then; logs it where every line is JSON.
    """
    settings = load_settings(data_dir=data_dir)
    configure_logging(settings)
    database = open_store(settings, migrate=True)
    revision = current(database)
    database.dispose()
    if settings.log_format == "json":
        log.info("store migrated", revision=revision)
    else:
        typer.echo(revision)


app.command("prune")(prune_command)
app.add_typer(teams.app, name="teams")
app.add_typer(members.app, name="members")
app.add_typer(keys.app, name="keys")
app.add_typer(queues.app, name="queue")


@app.command()
def openapi() -> None:
    """Print the API's contract as JSON."""
    typer.echo(contract_text(), nl=False)


@app.command(context_settings={"allow_interspersed_args": False})
def run(
    ctx: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND...", help="Program to run, and its arguments; after --.")
    ],
    host: Host = None,
    port: Port = 0,
    data_dir: DataDir = None,
    keep: Keep = None,
) -> None:
    """Run COMMAND beside a service of its own.

    Starts the service, runs COMMAND with AYLA_BASE_URL set to its address, and stops the service. Exits with the
    exit code of COMMAND. The service's log goes to service.log in the data folder.
    """
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    require_worker()
    raise_on_terminate()
    raise typer.Exit(run_command(command, settings, ctx.obj, keep))


def _greet(listener: socket.socket, settings: Settings) -> None:
    if settings.log_format == "json":
        host, port = listener.getsockname()[:2]
        log.info("serving", host=host, port=port)
        return
    url = base_url(listener)
    store = settings.data_dir.absolute() if settings.database_url is None else "set by AYLA_DATABASE_URL"
    typer.echo(f"AYLA service on {url} (docs: {url}/docs, data: {store}). Open it in a browser. Ctrl-C stops it.")


def main() -> None:
    """Run the command line; a command that cannot start says why on standard error and exits with 2."""
    try:
        with private_files() as mask:
            app(obj=mask)
    except StartError as error:
        report_failed_start("ayla-service", str(error))
        sys.exit(_USAGE_ERROR)
