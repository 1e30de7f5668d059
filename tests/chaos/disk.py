"""A small file system for the store's tables, which can be filled up and freed."""

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.servers.postgres import PostgresServer

_MEGABYTES = 384
_NOBODY = 65534
_PIECE = 2**20


class SmallDisk:
    """A file system of a few hundred MB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all that is free."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (_PIECE, 4096, 1):
                with contextlib.suppress(_Full):
                    while True:
                        _write(file.fileno(), size)

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)


class _Full(Exception):
    """Nothing more fits."""


@contextmanager
def small_disk() -> Iterator[SmallDisk | None]:
    """Mount a file system in memory; None where that is not permitted, as to anyone but root."""
    folder = Path(tempfile.mkdtemp(prefix="ayla-disk-", dir="/tmp"))
    try:
        yield SmallDisk(folder) if _mount(folder) else None
    finally:
        if folder.is_mount():
            # The server that used it may still be about to let go.
            subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def put_tables_on(disk: SmallDisk, server: PostgresServer, database: str) -> None:
    """Have all tables of a database, which nobody uses at the moment, on the disk; the log stays where it is.

    So a full disk makes statements fail, as it does in practice. A full disk of the log ends the server, and that is
    a fault of its own.
    """
    tables = disk.folder / "tables"
    tables.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(tables, _NOBODY, _NOBODY)
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE TABLESPACE small LOCATION '{tables}'"))
            connection.execute(text(f'ALTER DATABASE "{database}" SET TABLESPACE small'))
    finally:
        engine.dispose()


def _mount(folder: Path) -> bool:
    options = f"size={_MEGABYTES}m,mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _write(descriptor: int, size: int) -> None:
    try:
        if os.write(descriptor, bytes(size)) < size:
            raise _Full
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _Full from None
        raise
