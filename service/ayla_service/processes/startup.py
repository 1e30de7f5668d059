"""Start of a process: its settings, store and socket. Every failure is one clear sentence."""

import difflib
import errno
import importlib.util
import ipaddress
import json
import os
import socket
import threading
import webbrowser
from pathlib import Path
from typing import Any

import structlog
from alembic.util.exc import CommandError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import ArgumentError, DBAPIError

from ayla_service.addresses import redacted_url
from ayla_service.db.migrate import MigrationRefused, is_current, refuse_newer, upgrade
from ayla_service.db.session import Database, store_is_damaged
from ayla_service.queue.wakeup import missing_modules
from ayla_service.settings import Settings
from ayla_service.teams.keys import FIRST_KEY_COMMAND, has_valid_key

ENV_PREFIX = "AYLA_"

_BACKLOG = 2048

log = structlog.get_logger("ayla_service.processes.startup")


class StartError(Exception):
    """A command cannot start; the message is for people and says what to do."""


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, under the options given on the command line (None: not given).

    Raises:
        StartError: on a variable that is misspelt or has a wrong value.
    """
    _refuse_misspelt_variables()
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        # Without a cause: the chain of errors would show the values that _fault leaves out.
        raise StartError("; ".join(_fault(str(item["loc"][0]), item) for item in error.errors())) from None


def warn_of_unknown_variables() -> None:
    """Log the variables that look like settings and are none, as they have no effect."""
    known = {variable(name) for name in Settings.model_fields} | _OTHER_VARIABLES
    unknown = sorted(name for name in os.environ if name.startswith(ENV_PREFIX) and name not in known)
    if unknown:
        log.warning("variables that are no settings; see ayla-service --help", names=unknown)


def variable(setting: str) -> str:
    """Name of a setting's environment variable."""
    return f"{ENV_PREFIX}{setting.upper()}"


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child process finds the same settings."""
    values = settings.model_dump(mode="json", exclude_none=True)
    return {**os.environ, **{variable(name): _as_text(value) for name, value in values.items()}}


def data_folder(settings: Settings) -> Path:
    """The data folder, made if need be.

    Raises:
        StartError: if it cannot be written to.
    """
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"The data folder {folder} cannot be made: {error.strerror}. {_OTHER_FOLDER}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StartError(f"The data folder {folder} is not writable. {_OTHER_FOLDER}")
    return folder


def connect(settings: Settings) -> Database:
    """The store behind the settings' URL, not yet asked anything.

    Raises:
        StartError: if it needs a driver that is not installed, or its URL has invalid parameters.
    """
    try:
        return Database(settings.store_url)
    except (ArgumentError, ValueError):
        # Without a cause, which may show what stands in the URL.
        raise StartError(f"{variable('database_url')}: what stands behind the ? makes no sense.") from None
    except ModuleNotFoundError as error:
        raise StartError(
            f"{variable('database_url')} needs {error.name}, which is not installed; run: pip install '.[postgres]'"
        ) from error


def open_store(settings: Settings, *, migrate: bool) -> Database:
    """The store, with the schema that this version needs.

    Args:
        settings: of this process.
        migrate: whether to bring the schema up to date; otherwise an old one is an error.

    Raises:
        StartError: if there is no usable store.
    """
    if settings.database_url is None:
        data_folder(settings)
    database = connect(settings)
    try:
        _prepare(database, migrate=migrate)
    except (DBAPIError, CommandError, MigrationRefused, StartError) as error:
        database.dispose()
        raise _store_fault(settings, error) from error
    return database


def listen(host: str, port: int) -> socket.socket:
    """A socket that already accepts connections; port 0 takes a free one.

    Raises:
        StartError: if the address is not available.
    """
    listener = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise StartError(_address_fault(host, port, error)) from error
    return listener


def adopt(descriptor: int) -> socket.socket:
    """The listening socket that another process opened and passed on."""
    return socket.socket(fileno=descriptor)


def base_url(listener: socket.socket) -> str:
    """URL under which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def open_browser(url: str) -> None:
    """Open a page in a browser of this machine, if there is one; the service does not wait for that."""
    # The socket takes connections already, so the browser waits for the service and not the other way round.
    threading.Thread(target=webbrowser.open, args=(url,), name="browser", daemon=True).start()


def require_keys(listener: socket.socket, database: Database) -> None:
    """Check that the service needs an API key if other machines reach it.

    Raises:
        StartError: if other machines reach the socket and there is no valid key.
    """
    host = str(listener.getsockname()[0])
    if _is_loopback(host):
        return
    with database.read() as session:
        if has_valid_key(session):
            return
    raise StartError(
        f"Other machines reach {host}, and no API key keeps anybody out or lets anybody in. Make the first key, or "
        f"listen on 127.0.0.1: {FIRST_KEY_COMMAND}"
    )


def require_worker() -> None:
    """Check that the packages of the worker are installed, without importing them.

    Raises:
        StartError: if it is not.
    """
    missing = [
        name for name in ("torch", "numpy", "ayla_torch", "ayla_worker") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise StartError(
            f"The worker needs {' and '.join(missing)}, which is not installed; run: "
            "pip install ./clients/torch '.[worker]'"
        )


def require_broker(settings: Settings) -> None:
    """Check that the packages of the broker are installed, if the settings name one.

    Raises:
        StartError: if it is not.
    """
    missing = missing_modules(settings.broker_url)
    if missing:
        raise StartError(
            f"{variable('broker_url')} needs {' and '.join(missing)}, which is not installed; run: "
            "pip install '.[queue]'"
        )


_OTHER_FOLDER = f"Name another in {variable('data_dir')} or --data-dir."
# Variables of the client and the core, which have no settings.
_OTHER_VARIABLES = {f"{ENV_PREFIX}{name}" for name in ("BASE_URL", "API_KEY", "CACHE_DIR", "NATIVE", "CUDA_GRAPHS")}
# As similar to a setting's name as a typing error; less similar variables belong to other programs.
_SIMILARITY = 0.88


def _refuse_misspelt_variables() -> None:
    known = [variable(name) for name in Settings.model_fields]
    for name in os.environ:
        close = difflib.get_close_matches(name, known, n=1, cutoff=_SIMILARITY) if name.startswith(ENV_PREFIX) else []
        if close and name not in known:
            raise StartError(f"There is no setting {name}; did you mean {close[0]}?")


def _fault(setting: str, item: ErrorDetails) -> str:
    """Error of a setting, with its value unless that may hold a password."""
    given = str(item["input"])
    value = "" if setting.endswith("_url") or "@" in given else f", got '{given}'"
    return f"{variable(setting)}: {item['msg']}{value}"


def _is_loopback(host: str) -> bool:
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _as_text(value: object) -> str:
    """A value as its environment variable has it."""
    return value if isinstance(value, str) else json.dumps(value)


def _prepare(database: Database, *, migrate: bool) -> None:
    if migrate:
        upgrade(database)
    elif not is_current(database):
        refuse_newer(database)
        raise StartError("The store's schema is not the one this version needs; run 'ayla-service migrate' first.")


def _store_fault(settings: Settings, error: DBAPIError | CommandError | MigrationRefused | StartError) -> StartError:
    store = redacted_url(settings.store_url)
    match error:
        case StartError():
            return error
        case MigrationRefused():
            return StartError(f"The store {store} cannot be used: {_first_line(error)}.")
        case CommandError():
            return StartError(f"The store {store} cannot be migrated: {_first_line(error)}.")
        case DBAPIError() if store_is_damaged(error):
            return StartError(
                f"The store {store} is damaged: {_first_line(error.orig)}. Restore a backup: docs/operations.md."
            )
        case _:
            return StartError(f"The store {store} cannot be opened: {_first_line(error.orig)}.")


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _address_fault(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use; name another with --port (0 takes a free one) or {variable('port')}."
    if error.errno == errno.EACCES:
        return f"Port {port} of {host} needs more rights than this user has; name one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}. Name an address of this machine with --host."
