"""Modules of the page: which ones import which, and which view an address shows.

A browser finds the imports of a module when it has that module, so a view's files would come one depth of imports after
the other. The page of an address therefore names all modules that its view starts with; nothing depends on that, as a
module that is not named is loaded when it is imported.
"""

import posixpath
import re
from collections import deque
from collections.abc import Iterable, Mapping

ENTRY = "app.js"
"""The module that the page starts with."""

_ROUTES = "core/routes.js"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
"""Types are named there, of which the page loads nothing."""

_IMPORT = re.compile(r"""(?:^|[;}\s])(?:import|export)\b(?:[^;'"()]*?from)?\s*["'](\.[^"']+)["']""")
_ROUTE = re.compile(r"""pattern:\s*"(/[^"]*)".*?\bimport\("(\.[^"]+)"\)""")


def imports_of(name: str, text: str) -> list[str]:
    """The modules that a module imports when it is loaded, by their paths within the package."""
    return [_beside(name, found) for found in _IMPORT.findall(_COMMENT.sub("", text))]


def routes_of(modules: Mapping[str, str]) -> dict[str, str]:
    """The module of the view of each pattern of addresses, such as ``/jobs/:id``, as the page's own table has them."""
    return {pattern: _beside(_ROUTES, found) for pattern, found in _ROUTE.findall(modules.get(_ROUTES, ""))}


def reached(entries: Iterable[str], modules: Mapping[str, str]) -> list[str]:
    """These modules and all that they import, each once, the nearest first."""
    found = dict.fromkeys(entry for entry in entries if entry in modules)
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        new = dict.fromkeys(one for one in imports_of(name, modules[name]) if one in modules and one not in found)
        found |= new
        waiting += new
    return list(found)


def is_of(pattern: str, path: str) -> bool:
    """Whether a pattern is that of an address: ``:`` begins a part that may be anything."""
    wanted, parts = pattern.split("/"), (path.rstrip("/") or "/").split("/")
    return len(wanted) == len(parts) and all(
        (name.startswith(":") and bool(part)) or name == part for name, part in zip(wanted, parts, strict=True)
    )


def _beside(name: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
