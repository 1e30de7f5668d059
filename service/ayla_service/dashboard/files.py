"""Files of the dashboard: the package ``ayla_web``, read once, with the name of its version."""

import gzip
import hashlib
import importlib.util
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

INDEX = "index.html"
"""The page of all views."""

ASSETS = "/assets"
"""Path of the other files. The page names them by it; what is served has the version behind it."""

_PACKAGE = "ayla_web"
_COMPRESSION = 9
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Kinds of files that are served; any other kind is not."""

_Signature = tuple[tuple[Path, int, int], ...]


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """A file as it is served.

    Attributes:
        content: its bytes.
        compressed: the same with gzip, at the level that is too slow for answers made on request.
        media_type: of the content.
    """

    content: bytes
    compressed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class DashboardFiles:
    """All files of one version.

    Attributes:
        version: a digest of all of them. It stands in their addresses, so browsers keep each file until a new version.
        page: the index, whose assets are those of this version.
        assets: the other files by their path within the package.
    """

    version: str
    page: DashboardFile
    assets: Mapping[str, DashboardFile]


class DashboardFolder:
    """The package's folder; files that have changed are read again, so nobody who works on the page has to restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._signature: _Signature | None = None
        self._files: DashboardFiles | None = None

    def read(self) -> DashboardFiles:
        """The files as they are now."""
        with self._lock:
            folder = _folder()
            signature = tuple(_signature(folder))
            if self._files is None or signature != self._signature:
                self._files, self._signature = _files(folder), signature
            return self._files


def _folder() -> Path:
    """Where the package lies; it has no code that would have to be loaded."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"The package {_PACKAGE} is not installed; it comes with ayla-service.")
    return Path(found.origin).parent


def _served(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES and path.is_file())


def _signature(folder: Path) -> Iterator[tuple[Path, int, int]]:
    for path in _served(folder):
        about = path.stat()
        yield path, about.st_mtime_ns, about.st_size


def _files(folder: Path) -> DashboardFiles:
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _served(folder)}
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(b"%s\0%d\0%s" % (name.encode(), len(content), content))
    version = digest.hexdigest()[:16]
    page = contents.pop(INDEX).replace(f'"{ASSETS}/'.encode(), f'"{ASSETS}/{version}/'.encode())
    return DashboardFiles(version, _file(INDEX, page), {name: _file(name, text) for name, text in contents.items()})


def _file(name: str, content: bytes) -> DashboardFile:
    compressed = gzip.compress(content, _COMPRESSION, mtime=0)
    return DashboardFile(content, compressed, _MEDIA_TYPES[Path(name).suffix])
