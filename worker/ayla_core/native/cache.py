"""Compiled libraries as files that may be loaded: whole, and written by nobody else."""

import hashlib
import os
import stat
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NoKernels(RuntimeError):
    """There are no compiled kernels on this machine; the message says why."""


def keep(built: Path, target: Path) -> None:
    """Put a library in its place with its checksum beside it, on the disk before it has its name."""
    _checksum_of(target).write_text(_digest(built), encoding="ascii")
    with built.open("rb") as file:
        os.fsync(file.fileno())
    built.replace(target)


def is_whole(target: Path) -> bool:
    """Whether a library is there as it was written: loading one that was cut short would kill the process."""
    try:
        return _checksum_of(target).read_text(encoding="ascii") == _digest(target)
    except FileNotFoundError:
        return False


def check_owner(target: Path) -> None:
    """Refuse code that another user could have put there.

    Raises:
        NoKernels: where the library or its folder belongs to another user, or others may write there.
    """
    if not hasattr(os, "geteuid"):
        return
    for path in (target, target.parent):
        found = path.stat()
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS_WRITE:
            raise NoKernels(f"{path} can be written by others; give AYLA_CACHE_DIR a folder of this user alone")


def _checksum_of(target: Path) -> Path:
    return target.with_suffix(".sha256")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
