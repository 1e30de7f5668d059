"""Files of the dashboard: the package ``ayla_web``, read once, with the name of its version."""

import gzip
import hashlib
import importlib.util
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ayla_service.dashboard.modules import ENTRY, is_of, reached, routes_of

INDEX = "index.html"
"""The page of all views."""

ASSETS = "/assets"
"""Path of the other files. The page names them by it; what is served has the version behind it."""

STYLES = "page.css"
"""All stylesheets that the index names, in its order, as one file: no view is painted before it has them."""

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

_STYLESHEET = re.compile(rf'[ ]*<link rel="stylesheet" href="{ASSETS}/([^"]+)">\n')
_STYLESHEETS = re.compile(rf'(?:[ ]*<link rel="stylesheet" href="{ASSETS}/[^"]+">\n)+')

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
        pages: the same with what the view of an address starts with, by the pattern of the address.
        assets: the other files by their path within the package.
    """

    version: str
    page: DashboardFile
    pages: Mapping[str, DashboardFile]
    assets: Mapping[str, DashboardFile]

    def page_at(self, path: str) -> DashboardFile:
        """The page for an address."""
        return next((page for pattern, page in self.pages.items() if is_of(pattern, path)), self.page)


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

    def of_version(self, version: str) -> DashboardFiles:
        """The files of a version, without a look at the folder where they were read last; else those of now.

        A view starts with some fifty files, and to look at all of them for each would take longer than to send them.
        """
        files = self._files
        return files if files is not None and files.version == version else self.read()


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
    version = _version(contents)
    index = _with_one_stylesheet(contents.pop(INDEX).decode(), contents).replace(f'"{ASSETS}/', f'"{ASSETS}/{version}/')
    modules = {name: text.decode() for name, text in contents.items() if name.endswith(".js")}
    pages = {pattern: _page(index, version, [ENTRY, view], modules) for pattern, view in routes_of(modules).items()}
    assets = {name: _file(name, text) for name, text in contents.items()}
    return DashboardFiles(version, _page(index, version, [ENTRY], modules), pages, assets)


def _version(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(b"%s\0%d\0%s" % (name.encode(), len(content), content))
    return digest.hexdigest()[:16]


def _with_one_stylesheet(index: str, contents: dict[str, bytes]) -> str:
    """The index with one stylesheet, which stands among the contents in place of those that it names."""
    contents[STYLES] = b"\n".join(contents.pop(name) for name in _STYLESHEET.findall(index))
    before, *rest = re.split(_STYLESHEETS, index)
    return f'{before}  <link rel="stylesheet" href="{ASSETS}/{STYLES}">\n{"".join(rest)}'


def _page(index: str, version: str, entries: list[str], modules: Mapping[str, str]) -> DashboardFile:
    """The index, which names the modules that a view starts with, so that a browser asks for all of them at once."""
    wanted = [name for name in reached(entries, modules) if name != ENTRY]
    links = "".join(f'  <link rel="modulepreload" href="{ASSETS}/{version}/{name}">\n' for name in wanted)
    return _file(INDEX, index.replace("</head>", f"{links}</head>", 1).encode())


def _file(name: str, content: bytes) -> DashboardFile:
    compressed = gzip.compress(content, _COMPRESSION, mtime=0)
    return DashboardFile(content, compressed, _MEDIA_TYPES[Path(name).suffix])
