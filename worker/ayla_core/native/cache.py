"""Compiled libraries as files that may be loaded: whole, and written by nobody else."""

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NoKernels(RuntimeError):
    """There are no compiled kernels on this machine; the message says why."""


def open_folder(folder: Path) -> None:
    """Make the folder that libraries are kept in if it is missing; nothing may be written there before.

    Raises:
        NoKernels: where it, or what it is in, is not safe from other users.
        OSError: if it cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
    _check_owner(folder, stat.S_ISDIR)
    for path in folder.resolve().parents:
        mode = path.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise NoKernels(f"everybody can exchange what is in {path}; {_ADVICE}")


def keep(built: Path, target: Path) -> None:
    """Put a library in its place with its checksum beside it, on the disk before it has its name."""
    digest = built.with_suffix(".sha256")
    digest.write_text(_digest(built.read_bytes()), encoding="ascii")
    for made in (digest, built):
        made.chmod(0o600)
        with made.open("rb") as file:
            os.fsync(file.fileno())
    # Unlike writing, this does not follow a link that has the name.
    digest.replace(_checksum_of(target))
    built.replace(target)


def is_whole(target: Path) -> bool:
    """Whether a library is there as it was written: loading one that was cut short would kill the process.

    Raises:
        NoKernels: where another user could have put it there.
    """
    checksum = _checksum_of(target)
    try:
        for path in (target, checksum):
            _check_owner(path, stat.S_ISREG)
        return checksum.read_text(encoding="ascii") == _digest(target.read_bytes())
    except FileNotFoundError:
        return False


_ADVICE = "give AYLA_CACHE_DIR a folder of this user alone"


def _check_owner(path: Path, is_kind: Callable[[int], bool]) -> None:
    found = path.lstat()
    if not is_kind(found.st_mode):
        raise NoKernels(f"{path} is a link, or not what belongs there; {_ADVICE}")
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & _OTHERS_WRITE):
        raise NoKernels(f"{path} can be written by others; {_ADVICE}")


def _checksum_of(target: Path) -> Path:
    return target.with_suffix(".sha256")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
